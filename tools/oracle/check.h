// tools/oracle/check.h — the state at a point of a function, and what instructions do to it.
// Room: tools/oracle. Essay: README.md, "Rules". In: Function. Out: the first complaint about it.
#pragma once

#include <optional>

#include "tools/oracle/flows.h"
#include "tools/oracle/function.h"
#include "tools/oracle/holding.h"
#include "tools/oracle/web.h"

namespace stark::oracle {

enum class Access : uint8_t { Read, BorrowShared, BorrowMutable, Write, Replace, Move, Drop };

struct State {
  std::vector<Holding> held;  // by register
  Web web;
};

// A value on its way: origins of its own, which hold what it may refer to.
struct Value {
  bool is_constant = false;
  TypeKind constant{};
  Typed typed;
};

// Complaints are thrown as Malformed while one function is walked.
class Checker {
 public:
  explicit Checker(const Function& function);

  State entry();
  void apply(State& state, const Instruction& instruction, const Registers& live);
  bool join(State& into, const State& from) const;

 private:
  struct Borrowed {
    uint32_t place = spec::kNone;
    bool is_mut = false;
  };
  [[noreturn]] void complain(const std::string& what) const { throw Malformed{what}; }
  std::string name(uint32_t place) const;

  // paths.cpp: places against each other, and what types say about the way to a place.
  bool conflicts(const Borrowed& loan, const Place& place, Access access) const;
  bool follows_from(const Place& lent, size_t from) const;  // dropping what is there may follow it to what is lent
  void require_free(const State& state, uint32_t place, Access access) const;
  void require_full(const State& state, uint32_t place) const;
  void require_indices(const State& state, const Place& place) const;
  void require_writable(uint32_t place) const;
  void require_movable(uint32_t place) const;
  bool is_local(Loan loan) const;  // of storage that goes with the function

  // check.cpp
  Value take(State& state, const Operand& operand);
  Typed fresh(uint32_t type);
  void flow(State& state, const Typed& from, const Typed& to);
  void gone(State& state, uint32_t place);
  void write(State& state, uint32_t place, const Typed& value, Access access, const Registers& live);
  void forget_dead(State& state, const Registers& live, uint32_t except);
  bool is_owed(const State& state, uint32_t r) const;
  void check_named(const State& state) const;
  void require_same(const Value& value, uint32_t type) const;

  // steps.cpp: one rule each.
  void step_put(State& state, const Instruction& i, std::vector<Value>& values, const Registers& live);
  void step_parts(State& state, const Instruction& i, std::vector<Value>& values, const Registers& live);
  void step_hide(State& state, const Instruction& i, const Value& value, const Registers& live);
  void step_borrow(State& state, const Instruction& i, const Registers& live);
  void step_call(State& state, const Instruction& i, const std::vector<Value>& values, const Registers& live);
  void step_return(State& state, const Value& value);
  void step_drop(State& state, const Instruction& i);
  Shape shape_of_foreign(const spec::ForeignRow& foreign, const std::vector<Value>& values) const;
  Shape shape_at(const Instruction& i, const std::vector<Value>& values) const;

  const Function& f_;
  const TypeBook& types_;
  Shape own_;                         // of this function
  std::map<Loan, Borrowed> borrowed_;
  Origin first_value_ = 0;            // origins from here on are those of values on their way
  Origin next_ = 0;
};

// Whether what `lent` leads to is reached by way of a reference in, or behind, the place that is written.
bool leads_through(const TypeBook& types, const Place& lent, const Place& written);
// What a call lets flow from its arguments; gives its result. Shared by calls and vtables.
Typed let_flow(Web& web, const TypeBook& types, const Shape& shape, const std::vector<Typed>& arguments, Origin& next);
void flow_into(Web& web, const TypeBook& types, const Typed& from, const Typed& to);
// What flows into a lifetime of the signature must be declared to outlive it.
std::optional<std::string> undeclared(const Web& web, const Shape& own);

}  // namespace stark::oracle
