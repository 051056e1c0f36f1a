// compiler/borrow/flow.h — what is known of locals and loans at each point of a function: the heart of the check.
// Room: borrow. Essay: compiler/borrow/README.md. In: tidy MIR with numbered loans. Out: the state before every block.
// Law: transfer follows the same access rules as vm/verify, so that what passes here is accepted there.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <vector>

#include "compiler/borrow/regions.h"

namespace stark::borrow {

using LoanId = uint32_t;
using LoanSet = std::vector<uint32_t>;  // sorted; loans.size() + r stands for the fixed region r itself

enum class Held : uint8_t { Gone, Whole, Maybe, Partly };

struct Loan {
  Place place;
  bool is_mut = false;
  Span span;
  LocalId holder;                 // the local that the borrow was put into
  size_t own_from = 0;            // steps up to and with the last dereference of a reference; a Box's inside is its own
  size_t dropped_until = 0;       // among those before: up to and with the last part of something whose destructor may follow the reference

  bool through_reference() const { return own_from > 0; }  // not of this function's own storage
};

struct State {
  std::vector<Held> held;                          // by local
  std::vector<bool> assigned;                      // by local: may have been given a value since its scope began
  std::map<uint32_t, std::vector<Place>> moved;    // locals held in part: what was moved out
  std::map<RegionId, LoanSet> regions;             // regions that hold loans
  std::map<uint32_t, LoanId> dangling;             // references ended because their referent did
  bool reached = false;
  friend bool operator==(const State&, const State&) = default;
};

enum class Access : uint8_t { Read, BorrowShared, BorrowMutable, Write, Replace, Move, Drop };  // Replace: drops the old value first

// Hears of everything that is wrong at the current point.
class Reporter {
 public:
  virtual ~Reporter() = default;
  virtual void unavailable(const State& state, const Place& place, Held held, Span span) = 0;
  virtual void dangling(const Place& place, LoanId loan, Span span) = 0;
  virtual void conflict(const State& state, const Place& place, LoanId loan, Access access, Span span) = 0;
  virtual void not_movable(const Place& place, Span span) = 0;
  virtual void assigned_twice(LocalId local, Span span) = 0;
  virtual void not_writable(const Place& place, bool borrow, Span span) = 0;
  virtual void leaves(const Loan& loan, RegionId region, Span span) = 0;
  // `hides`: on the way into a `dyn` or `fn`, of which no bound tells what is inside.
  virtual void too_short(RegionId longer, RegionId shorter, bool hides, Span span) = 0;
};

// One function during the check.
struct Body {
  const mir::Program& program;
  mir::Function& function;
  TypeRegions& types;
  RegionMap regions;
  std::vector<Loan> loans;

  TypeId type_of(LocalId local) const { return function.locals[local.index()].type; }
  const types::TypeTable& table() const { return types.table(); }
  TypedPlace typed(const Place& place) const { return typed_place(function, regions, types, place); }
  Loan loan_of(const Instruction& borrow) const;
  bool needs_drop(LocalId local) const { return table().needs_drop(type_of(local)); }
};

// Gives every Borrow its number, in order, in Instruction::index.
void number_loans(Body& body);
// Puts an End behind the last use of every reference that does not hold to the end of its scope.
void insert_ends(Body& body);

class Flow {
 public:
  Flow(Body& body, Reporter* reporter) : b_(body), reporter_(reporter) {}

  // The state before each block, as a least fixpoint.
  std::vector<State> solve();
  State entry() const;
  // The effect of one instruction. `ahead` is what stands behind it in its block.
  void step(State& state, const Instruction& instruction, std::span<const Instruction> ahead);
  static bool join(State& into, const State& from, const Body& body);

  // References that end when `local` does; their loans are of its storage.
  std::vector<LocalId> outlived_by(const State& state, LocalId local) const;
  // Whether what is left of a local needs no drop.
  bool is_spent(const State& state, LocalId local) const;
  // Parts of a partly moved local that must still be dropped.
  std::vector<Place> remains(const State& state, LocalId local) const;
  std::vector<Place> remains_at(const State& state, const Place& place) const;
  // Where paths meet that moved different parts: those that others moved; all that is left where nothing can be told.
  std::vector<Place> dropped_on_the_way(const State& state, const State& there) const;
  void check_meeting(const State& state, const State& there, Span span);
  static bool is_scope_end(const Instruction& drop, std::span<const Instruction> ahead);
  void let_go(State& state, LocalId local);

 private:
  struct Value {
    TypedPlace typed;
    std::vector<LoanSet> loans;
    bool is_constant = false;
  };
  using Arrivals = std::vector<std::pair<RegionId, LoanSet>>;

  Value use(State& state, const mir::Operand& operand);
  void move_out(State& state, const Place& place, Span span, bool by_pattern);
  void require_available(const State& state, const Place& place, Span span);
  void require_around(const State& state, const Place& place, Span span);
  void require_free(const State& state, const Place& place, Access access, Span span);
  void require_writable(const Place& place, bool borrow, Span span);
  void write(State& state, const Place& place, bool drops_old, Span span);
  void arrive(State& state, const Place& place, Arrivals arrivals, bool drops_old, Span span);
  bool is_named(const State& state, RegionId region) const;
  void kill_through(State& state, const Place& place, Arrivals& arrivals) const;
  void gather(const State& state, const Value& value, const TypedPlace& to, Span span, Arrivals& arrivals);
  void gather_loans(const LoanSet& loans, RegionId region, Span span, Arrivals& arrivals, bool hides = false);
  LoanSet loans_of(const State& state, RegionId region) const;

  void step_borrow(State& state, const Instruction& i);
  void step_hide(State& state, const Instruction& i, const Value& value);
  void step_call(State& state, const Instruction& i, const std::vector<Value>& values);
  void step_parts(State& state, const Instruction& i, const std::vector<Value>& values);
  void step_drop(State& state, const Instruction& i, std::span<const Instruction> ahead);
  void step_return(State& state, const Instruction& i, const std::vector<Value>& values);
  void require_beyond(const State& state, LocalId local);
  void end_scope(State& state, LocalId local);
  bool remains_in(const State& state, LocalId local, const Place& at, TypeId type, std::vector<Place>* out) const;

  Body& b_;
  Reporter* reporter_;
  LoanSet in_flight_;  // loans of values that were taken and have not arrived yet
};

// How two places with one base lie to each other.
enum class Overlap : uint8_t { None, Same, FirstInside, SecondInside };
Overlap overlap(const Place& first, const Place& second);

bool is_within(const Place& inner, const Place& outer);

bool merge(LoanSet& into, const LoanSet& more);

}  // namespace stark::borrow
