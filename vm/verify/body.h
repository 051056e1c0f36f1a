// vm/verify/body.h — one function while it is being proven: its tables, its places, its state at the current point.
// Room: vm/verify, private. Essay: vm/verify/README.md, "The state". In: proven structure and types. Out: shared by the body proofs.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "bytecode-spec/operand.h"
#include "bytecode-spec/tables.h"
#include "vm/verify/few.h"
#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"
#include "vm/verify/state.h"

namespace stark::vm {

using spec::OperandMode;
using spec::ProjectionKind;
using spec::TypeKind;

struct Step {
  ProjectionKind kind = ProjectionKind::None;
  uint32_t argument = 0;
  bool operator==(const Step&) const = default;
};
using Steps = Few<Step, spec::kMaxProjections>;

struct PlaceInfo {
  uint32_t base = 0;
  Steps steps;
  TypedPlace type;
  bool through_reference = false;  // some step dereferences: the place is not of the frame
  bool through_shared = false;     // … a `&`: nothing may be written
  bool through_mutable = false;    // … a `&mut`
  bool through_pointer = false;    // … a raw pointer: nothing is known of what is there, and no loan is made of it
  bool through_handle = false;     // … a guard or Gc: nothing may be moved out
  bool through_index = false;      // an element whose number is not known here, or of a Vec
  bool through_drop = false;       // a field of a type that has its own destructor
  bool readable = true;            // has a size
  uint32_t most_align = spec::kMaxPack;  // what is in a packed struct may not lie where it would by itself
  size_t own_from = 0;             // steps up to and with the last dereference of a reference; behind it all is owned
  size_t dropped_until = 0;        // among those before: up to and with the last part of something whose destructor may follow the reference
  size_t destructor = 0;           // the same, of all steps so far
  // Regions of the references dereferenced, outermost last; a reborrow inherits from them.
  struct Crossed {
    uint32_t region;
    bool is_mut;
  };
  Few<Crossed, spec::kMaxProjections> crossed;
};

// Where lists of regions are made that stand in no table.
class RegionStore {
 public:
  std::span<uint32_t> take(size_t count) { return {static_cast<uint32_t*>(memory_.allocate(count * sizeof(uint32_t), alignof(uint32_t))), count}; }
  void clear() { memory_.release(); }

 private:
  std::array<std::byte, 2048> first_;
  std::pmr::monotonic_buffer_resource memory_{first_.data(), first_.size()};
};

// Loans that will be held by regions once a value has arrived.
struct Arrivals {
  struct Arrival {
    uint32_t region = 0;
    LoanSet loans;
  };
  std::vector<Arrival> loans;
};

// Shapes of calls of natives that were matched before, by native and types.
struct WordsHash {
  size_t operator()(std::span<const uint32_t> words) const;
};
using NativeShapes = std::unordered_map<std::vector<uint32_t>, CallShape, WordsHash>;

// The whole of one function's tables, with what is derived once before its blocks are walked. Functions are opened one after the other, and
// use the same room.
struct Body {
  const spec::Bundle& bundle;
  const spec::Module& m;
  const Types& types;
  spec::FunctionRow f{};
  spec::SignatureRow signature{};
  std::span<const spec::RegisterRow> registers{};
  std::span<const spec::LoanRow> loans{};
  std::span<const spec::BlockRow> blocks{};
  std::span<const uint32_t> code{};
  uint32_t fixed_regions = 1;             // 'static and the signature's
  uint32_t region_count = 1;
  std::vector<PlaceInfo> places{};        // registers first
  Registers borrowers{};                  // those whose types name regions
  Registers droppers{};                   // those whose values must be dropped
  std::vector<uint32_t> region_first{};   // by region: where its users begin
  std::vector<uint32_t> region_users{};   // registers, once for each slot that names the region
  OutlivesTable outlives{};               // [longer][shorter] among the fixed regions, closed transitively
  std::vector<bool> loan_issued{};
  std::array<uint32_t, 26> table_sizes{};  // what an operand of each letter may be at most, and one more
  RegionStore lifetimes{};                // of places
  NativeShapes native_shapes{};
  std::vector<uint32_t> native_key{};      // of the one that is asked for

  // At the current point.
  State state{};
  uint32_t word = 0;                      // of the current instruction, for messages
  Watch* watch = nullptr;
  int64_t work = 0;                       // words that may still be looked at: see README, "Time"

  // Room for one instruction.
  RegionStore passing{};
  Arrivals arrivals{};
  std::vector<LoanSet> lifetime_loans{};   // by lifetime of a callee
  std::vector<uint32_t> lifetime_bound{};
  // Room for the state that a block declares, and for the one that comes.
  Registers coming{};
  uint32_t declared_block = spec::kNone;   // whose state it is
  Expected declared{};
  std::vector<Moved> declared_moved{};
  std::vector<Expected::Region> declared_regions{};
  std::vector<uint32_t> declared_at{};     // by region: 1 + where it is among them

  Body(const spec::Bundle& of, const Types& known) : bundle(of), m(of.module), types(known) {}

  const TypeFacts& facts(uint32_t type) const { return types.facts[type]; }
  TypeKind kind(uint32_t type) const { return static_cast<TypeKind>(m.types[type].kind); }
  const PlaceInfo& place(uint32_t p) const { return places[p]; }
  bool is_register(uint32_t p) const { return p < registers.size(); }
  const TypedPlace& type_of(uint32_t p) const { return places[p].type; }
  std::span<const uint32_t> users_of(uint32_t region) const {
    return std::span(region_users).subspan(region_first[region], region_first[region + 1] - region_first[region]);
  }
  void spend(size_t words) { work -= static_cast<int64_t>(words); }
  Arrivals& no_arrivals() {
    arrivals.loans.clear();
    return arrivals;
  }
};

// places.cpp: the type, regions and nature of every place and region of the function.
Result<void> open_body(Body& b, uint32_t function);
// Whether the bundle says that it needs something of its host, which then decides before anything runs.
bool asks_for(const spec::Module& m, spec::Capability capability);
// The type behind one step, and with its lifetimes: the verifier's only idea of what a projection means.
Result<uint32_t> type_behind(const spec::Module& m, const Types& types, uint32_t from, Step step, uint32_t* variant);
Result<TypedPlace> step_into(const spec::Module& m, const Types& types, const TypedPlace& from, Step step, uint32_t* variant, RegionStore& store);

// What looking at one region of a state costs, beside its loans: see README, "Time".
inline constexpr size_t kWorkOfRegion = 14;

// state.cpp: changes of the state that keep its counts right.
void make_available(Body& b, uint32_t reg);
void make_unavailable(Body& b, uint32_t reg);
void add_loans(Body& b, uint32_t region, Loans loans);
void clear_loans(Body& b, uint32_t region);
void drop_loan(Body& b, uint32_t loan);  // from every region that holds it
// What a region stands for when it is read: its loans, and itself (loans.size() + region) where it is a fixed one.
void read_loans(Body& b, uint32_t region, LoanSet& into);
void enter(Body& b, const Expected& expected);
void enter_function(Body& b);

// edges.cpp: states as blocks declare them. What is given is good until the next is asked for.
Result<Expected> declared_state(Body& b, uint32_t block);
// The current state gives what `declared` promises, and nothing that must be dropped gets lost on the way.
Result<void> check_arrival(Body& b, const Expected& declared);

// access.cpp: who may touch a place now.
enum class Access : uint8_t { Read, BorrowShared, BorrowMutable, Write, Replace, Move, Drop };  // Replace: drops the old value first
Result<void> require_available(Body& b, uint32_t place);
Result<void> require_writable(const Body& b, uint32_t place);
Result<void> require_free(Body& b, uint32_t place, Access access);  // no live loan stands against it
Result<void> move_out(Body& b, uint32_t place);
Result<void> write(Body& b, uint32_t place, bool drops_old);  // a register becomes available
Result<void> drop_place(Body& b, uint32_t place);
Result<void> drop_flagged(Body& b, uint32_t reg);
Result<void> end_register(Body& b, uint32_t reg);
bool is_spent_at(Body& b, uint32_t place);                // what is left at a place needs no drop
bool can_be_taken(const Body& b, uint32_t place);         // a part that may be moved out of its register

// values.cpp: values on their way from operands into places.
struct Value {
  bool is_constant = false;
  TypeKind constant{};             // of a constant
  TypedPlace typed;                // of a place
  std::vector<LoanSet> loans;      // by lifetime slot, as they were when the value was taken
};
Result<void> use(Body& b, uint32_t operand_word, Value& value);
TypeKind kind_of(const Body& b, const Value& value);
// The same type, or a tensor of which the place knows less.
bool fits(const Body& b, const Value& value, uint32_t type);
// A tensor of type `have` may stand for `want`: what `want` knows, `have` knows to be the same.
bool covers(const spec::TensorType& want, const spec::TensorType& have);
// The same of types: of tensors, and of views of them.
bool covers(const Body& b, uint32_t want, uint32_t have);
// Two lifetimes that may not differ: the same region, or fixed ones that outlive each other.
bool are_equal(const Body& b, uint32_t x, uint32_t y);
// Lifetimes of `value` become those of `to`; slot by slot, by the variance of the type.
Result<void> gather(Body& b, const Value& value, const TypedPlace& to, Arrivals& arrivals);
Result<void> gather_slot(Body& b, Loans loans, uint32_t region, const TypedPlace& to, size_t slot, Arrivals& arrivals);
Result<void> gather_loans(Body& b, Loans loans, uint32_t region, Arrivals& arrivals);
// Writes the place and lets the gathered loans in.
Result<void> arrive(Body& b, uint32_t place, Arrivals& arrivals, bool drops_old = false);
Result<void> put(Body& b, const Value& value, uint32_t place, bool drops_old = false);
Result<void> check_into_fixed(const Body& b, Loans loans, uint32_t region);

// calls.cpp, natives.cpp. `receiver`: how a value stands in for the first parameter, where it does.
Result<void> check_call(Body& b, uint32_t target, const CallShape& shape, std::span<const Value> values, const TypedPlace* receiver = nullptr);
// Finds the types of the native's variables from the values and the target; good until the next is asked for.
Result<const CallShape*> shape_of_native(Body& b, uint32_t native, std::span<const Value> values, uint32_t target);

// objects.cpp: what goes into an object of its own, and calls of what only a vtable knows.
Result<void> check_box(Body& b, uint32_t target, const Value& value);
Result<void> check_dyn(Body& b, uint32_t target, const Value& value, uint32_t vtable);
Result<void> check_fn(Body& b, uint32_t target, const Value& value, uint32_t vtable);
Result<void> check_dyn_call(Body& b, uint32_t target, uint32_t method, std::span<const Value> values);

// typing.cpp: one instruction, by the rule of its row. `words` are behind the head; `fields` is room for them.
struct Fields;
Result<void> check_instruction(Body& b, spec::Opcode op, std::span<const uint32_t> words, Fields& fields);
// unwind.cpp: what is owed at the current point, for the watcher.
std::vector<Owed> owed_now(Body& b);
inline void look(Body& b, Moment moment) {
  if (b.watch != nullptr && b.watch->word == b.word && b.watch->moment == moment) b.watch->owed = owed_now(b);
}
// formats.cpp: the template of a Format instruction names operands that exist.
Result<void> check_template(const Body& b, std::string_view text, size_t operands);

// Refusal with where it happened: function, instruction, and source line when there is debug information.
std::unexpected<Error> refuse_at(const Body& b, Refusal which, std::string found);
std::string describe(const Body& b, uint32_t place);

}  // namespace stark::vm
