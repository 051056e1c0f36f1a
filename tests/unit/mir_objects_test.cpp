// tests/unit/mir_objects_test.cpp — boxes, trait objects and function values from hand-made MIR through borrow, codegen and proof.
// Room: tests/unit. In: MIR. Out: doctest verdict over diagnostics, and over what the proven module prints.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#define DOCTEST_CONFIG_NO_SHORT_MACRO_NAMES
#include "bytecode-spec/disassembler.h"
#include "compiler/codegen/codegen.h"
#include "tests/unit/run_module.h"

namespace {

using namespace stark;
using mir::LocalId;
using mir::Opcode;
using mir::Operand;
using mir::OperandKind;
using mir::Place;
using mir::ProjectionKind;
using spec::TypeKind;
using types::TypeId;

// Makes one function of one block after the other.
class Writer {
 public:
  Writer(mir::Program& program, std::string name, types::Signature signature) : p_(program) {
    f_.name = std::move(name);
    f_.file = FileId(0u);
    f_.span = {FileId(0u), 0, 0};
    f_.signature = std::move(signature);
    for (TypeId type : f_.signature.parameters) local(type, mir::LocalKind::Parameter);
    f_.blocks.emplace_back();
  }
  LocalId local(TypeId type, mir::LocalKind kind = mir::LocalKind::Named, bool is_mut = false) {
    f_.locals.push_back({fmt::format("l{}", f_.locals.size()), type, kind, is_mut, f_.span});
    return LocalId(f_.locals.size() - 1);
  }
  mir::Instruction& op(Opcode op, Place target, std::vector<Operand> operands, uint32_t index = 0) {
    mir::Instruction i;
    i.op = op;
    i.span = f_.span;
    i.target = std::move(target);
    i.operands = std::move(operands);
    i.index = index;
    f_.blocks.back().code.push_back(std::move(i));
    return f_.blocks.back().code.back();
  }
  void borrow(LocalId target, Place source, bool is_mut = false) {
    mir::Instruction& i = op(Opcode::Borrow, {target, {}}, {});
    i.source = std::move(source);
    i.borrow_mutable = is_mut;
  }
  void print(Place place) {
    const LocalId text = local(p_.types->scalar(TypeKind::Str), mir::LocalKind::Temporary), unit = local(p_.types->scalar(TypeKind::Unit), mir::LocalKind::Temporary);
    op(Opcode::Format, {text, {}}, {copy(std::move(place))}).text = "{0}";
    op(Opcode::CallNative, {unit, {}}, {copy({text, {}})}, static_cast<uint32_t>(spec::Native::Println));
  }
  void drop(Place place) { op(Opcode::Drop, {}, {}).source = std::move(place); }
  void close(LocalId local) {
    if (p_.types->needs_drop(f_.locals[local.index()].type)) drop({local, {}});
    op(Opcode::Drop, {}, {}).source = {local, {}};
    f_.blocks.back().code.back().kind = mir::Instruction::Kind::ScopeEnd;
  }
  void finish(Operand result) {
    op(Opcode::Return, {}, {std::move(result)});
    p_.functions.push_back(std::move(f_));
  }
  Operand copy(Place place) const { return {OperandKind::Copy, std::move(place), {}, f_.span}; }
  Operand move(Place place) const { return {OperandKind::Move, std::move(place), {}, f_.span}; }
  Operand number(uint64_t bits) const { return {OperandKind::Constant, {}, {p_.types->scalar(TypeKind::I32), bits, ""}, f_.span}; }
  Operand unit() const { return {OperandKind::Constant, {}, {p_.types->scalar(TypeKind::Unit), 0, ""}, f_.span}; }

 private:
  mir::Program& p_;
  mir::Function f_;
};

Place at(LocalId base, std::vector<mir::Projection> steps = {}) { return {base, std::move(steps)}; }
const mir::Projection kDeref{ProjectionKind::Deref, 0}, kFirst{ProjectionKind::Field, 0};

struct World {
  types::TypeTable table;
  mir::Program program;
  SourceMap sources;
  diagnostics::Sink sink;
  TypeId i32 = table.scalar(TypeKind::I32);

  World() {
    program.types = &table;
    sources.add("t.stark", "\n");
  }
  TypeId struct_type(std::string name, std::vector<types::Field> fields, uint32_t regions = 0) {
    return table.struct_type(table.add_struct({std::move(name), std::move(fields), regions, false, Id<int>::kNone, {}}));
  }
  // The text of the module, proven and run; or the code of the first diagnostic.
  std::string outcome() {
    DOCTEST_REQUIRE(mir::validate(program) == "");
    for (const auto& f : program.functions) DOCTEST_REQUIRE(!mir::dump(program, f).empty());
    program.entry = mir::FunctionId(0u);
    const auto annotations = borrow::check(program, sink);
    if (sink.errors() > 0) return sink.all()[0].code;
    const std::string text = spec::disassemble(codegen::generate(program, annotations, sources, sink));
    const auto plain = test::run_module(text, false), stressed = test::run_module(text, true);
    DOCTEST_CHECK(plain.out == stressed.out);
    return plain.out + plain.errors;
  }
};

// struct Square { side: i32 } as a Shape with `area(&self)` and `take(self: Box<Self>)`.
struct Shapes : World {
  TypeId square = struct_type("Square", {{"side", i32, {}, {}}});
  TypeId boxed = table.box(square);
  types::DynId id = table.add_dyn({"Shape", {}, false, false, {}});
  TypeId dyn = table.dyn_type(id);

  Shapes() {
    table.info(id).methods.push_back({"area", {{table.ref(dyn, false)}, {{1, 2}}, i32, {}, 2, {}}});
    table.info(id).methods.push_back({"take", {{table.box(dyn)}, {{1}}, i32, {}, 1, {}}});
    program.vtables.push_back({square, dyn, {mir::FunctionId(1u), mir::FunctionId(2u)}});
  }
  void add_methods() {
    Writer area(program, "Square::area", {{table.ref(square, false)}, {{1}}, i32, {}, 1, {}});
    const LocalId n = area.local(i32);
    area.op(Opcode::Mul, at(n), {area.copy(at(LocalId(0u), {kDeref, kFirst})), area.copy(at(LocalId(0u), {kDeref, kFirst}))});
    area.finish(area.copy(at(n)));
    Writer take(program, "Square::take", {{boxed}, {{}}, i32, {}, 0, {}});
    take.finish(take.copy(at(LocalId(0u), {kDeref, kFirst})));
  }
};

// struct Env { by: &i32 } called as fn(i32) -> i32.
struct Functions : World {
  TypeId env = struct_type("Env", {{"by", table.ref(i32, false), {1}, {}}}, 1);
  TypeId fn = table.fn({i32}, i32);

  Functions() { program.vtables.push_back({env, table.fn_dyn(fn), {mir::FunctionId(1u)}}); }
  void add_call() {
    Writer call(program, "Env::call", {{table.ref(env, false), i32}, {{1, 2}, {}}, i32, {}, 2, {}});
    const LocalId n = call.local(i32);
    call.op(Opcode::Add, at(n), {call.copy(at(LocalId(0u), {kDeref, kFirst, kDeref})), call.copy(at(LocalId(1u)))});
    call.finish(call.copy(at(n)));
  }
  std::string run(bool assigns_between) {
    Writer main(program, "main", {{}, {}, table.scalar(TypeKind::Unit), {}, 0, {}});
    const LocalId x = main.local(i32, mir::LocalKind::Named, true), r = main.local(table.ref(i32, false), mir::LocalKind::Temporary),
                  e = main.local(env, mir::LocalKind::Temporary), f = main.local(fn), n = main.local(i32, mir::LocalKind::Named, true);
    main.op(Opcode::Set, at(x), {main.number(5)});
    main.borrow(r, at(x));
    main.op(Opcode::Make, at(e), {main.copy(at(r))});
    main.op(Opcode::Fn, at(f), {main.move(at(e))}, 0);
    if (assigns_between) main.op(Opcode::Set, at(x), {main.number(6)});
    main.op(Opcode::CallDyn, at(n), {main.copy(at(f)), main.number(1)}, 0);
    main.print(at(n));
    main.finish(main.unit());
    add_call();
    return outcome();
  }
};

}  // namespace

DOCTEST_TEST_CASE("types are named as users write them") {
  Shapes s;
  Functions f;
  DOCTEST_CHECK(s.table.name(s.table.box(s.dyn)) == "Box<dyn Shape>");
  DOCTEST_CHECK(s.table.name(s.table.ref(s.dyn, true)) == "&mut dyn Shape");
  DOCTEST_CHECK(f.table.name(f.fn) == "fn(i32) -> i32");
  DOCTEST_CHECK(f.table.name(f.table.fn({}, f.table.scalar(TypeKind::Unit))) == "fn()");
  DOCTEST_CHECK(f.table.is_copy(f.fn));
  DOCTEST_CHECK(!s.table.is_copy(s.boxed));
  DOCTEST_CHECK(!s.table.needs_drop(s.boxed));
  DOCTEST_CHECK(s.table.needs_drop(s.table.box(s.dyn)));
  DOCTEST_CHECK(s.table.region_slots(s.table.ref(s.dyn, false)) == 2);
}

DOCTEST_TEST_CASE("a value is boxed, hidden, called by reference and by value") {
  Shapes s;
  Writer main(s.program, "main", {{}, {}, s.table.scalar(TypeKind::Unit), {}, 0, {}});
  const LocalId v = main.local(s.square), b = main.local(s.boxed), d = main.local(s.table.box(s.dyn)),
                r = main.local(s.table.ref(s.dyn, false), mir::LocalKind::Temporary), n = main.local(s.i32, mir::LocalKind::Named, true);
  main.op(Opcode::Make, at(v), {main.number(3)});
  main.op(Opcode::Box, at(b), {main.move(at(v))});
  main.op(Opcode::Dyn, at(d), {main.move(at(b))}, 0);
  main.borrow(r, at(d, {kDeref}));
  main.op(Opcode::CallDyn, at(n), {main.copy(at(r))}, 0);
  main.print(at(n));
  main.op(Opcode::CallDyn, at(n), {main.move(at(d))}, 1);
  main.print(at(n));
  main.close(d);
  main.finish(main.unit());
  s.add_methods();
  DOCTEST_CHECK(s.outcome() == "9\n3\n");
}

DOCTEST_TEST_CASE("a borrow of what a box holds stands against moving the box") {
  Shapes s;
  Writer main(s.program, "main", {{}, {}, s.table.scalar(TypeKind::Unit), {}, 0, {}});
  const LocalId v = main.local(s.square), b = main.local(s.boxed), r = main.local(s.table.ref(s.square, false)), b2 = main.local(s.boxed);
  main.op(Opcode::Make, at(v), {main.number(3)});
  main.op(Opcode::Box, at(b), {main.move(at(v))});
  main.borrow(r, at(b, {kDeref}));
  main.op(Opcode::Set, at(b2), {main.move(at(b))});
  main.print(at(r, {kDeref, kFirst}));
  main.finish(main.unit());
  s.add_methods();
  DOCTEST_CHECK(s.outcome() == "B0206");
}

DOCTEST_TEST_CASE("half of a boxed pair moves out, the other half is dropped with the box") {
  World w;
  const TypeId tensor = w.table.tensor(spec::DType::F32, {2});
  const TypeId pair = w.table.tuple({tensor, tensor}), boxed = w.table.box(pair);
  Writer main(w.program, "main", {{}, {}, w.table.scalar(TypeKind::Unit), {}, 0, {}});
  const LocalId a = main.local(tensor), b = main.local(tensor), p = main.local(pair), x = main.local(boxed), out = main.local(tensor);
  Operand zero = main.number(0);
  zero.constant.type = w.table.scalar(TypeKind::F32);
  for (const LocalId t : {a, b}) main.op(Opcode::TensorFill, at(t), {zero});
  main.op(Opcode::Make, at(p), {main.move(at(a)), main.move(at(b))});
  main.op(Opcode::Box, at(x), {main.move(at(p))});
  main.op(Opcode::Set, at(out), {main.move(at(x, {kDeref, kFirst}))});
  for (const LocalId l : {out, x}) main.close(l);
  const LocalId n = main.local(w.i32);
  main.op(Opcode::Set, at(n), {main.number(1)});
  main.print(at(n));
  main.finish(main.unit());
  DOCTEST_CHECK(w.outcome() == "1\n");
}

DOCTEST_TEST_CASE("a function value borrows what its environment borrows") {
  DOCTEST_CHECK(Functions().run(false) == "6\n");
  DOCTEST_CHECK(Functions().run(true) == "B0205");
}

DOCTEST_TEST_CASE("a guard lets its RefCell be written, and releases it when its scope ends") {
  World w;
  const TypeId cell = w.table.cell(TypeKind::RefCell, w.i32), guard = w.table.guard(stark::spec::GuardKind::RefMut, w.i32);
  DOCTEST_CHECK(w.table.name(w.table.cell(TypeKind::Gc, cell)) == "Gc<RefCell<i32>>");
  DOCTEST_CHECK(w.table.name(guard) == "RefMut<i32>");
  Writer main(w.program, "main", {{}, {}, w.table.scalar(TypeKind::Unit), {}, 0, {}});
  const LocalId c = main.local(cell), r = main.local(w.table.ref(cell, false), mir::LocalKind::Temporary),
                g = main.local(guard, mir::LocalKind::Named, true), again = main.local(w.table.ref(cell, false), mir::LocalKind::Temporary);
  main.op(Opcode::CallNative, at(c), {main.number(1)}, static_cast<uint32_t>(spec::Native::RefCellNew));
  main.borrow(r, at(c));
  main.op(Opcode::CallNative, at(g), {main.copy(at(r))}, static_cast<uint32_t>(spec::Native::RefCellBorrowMut));
  main.op(Opcode::Add, at(g, {kDeref}), {main.copy(at(g, {kDeref})), main.number(2)});
  main.close(g);
  main.borrow(again, at(c));
  main.print(at(again));
  main.finish(main.unit());
  DOCTEST_CHECK(w.outcome() == "RefCell { value: 3 }\n");
}

DOCTEST_TEST_CASE("what a Gc shares is not written through it and borrows nothing") {
  for (const bool writes : {false, true}) {
    World w;
    const TypeId content = writes ? w.i32 : w.table.ref(w.i32, false), gc = w.table.cell(TypeKind::Gc, content);
    Writer main(w.program, "main", {{}, {}, w.table.scalar(TypeKind::Unit), {}, 0, {}});
    const LocalId x = main.local(w.i32), r = main.local(w.table.ref(w.i32, false), mir::LocalKind::Temporary),
                  g = main.local(gc, mir::LocalKind::Named, true);
    main.op(Opcode::Set, at(x), {main.number(1)});
    main.borrow(r, at(x));
    main.op(Opcode::CallNative, at(g), {writes ? main.number(1) : main.copy(at(r))}, static_cast<uint32_t>(spec::Native::GcNew));
    if (writes) main.op(Opcode::Set, at(g, {kDeref}), {main.number(2)});
    main.finish(main.unit());
    DOCTEST_CHECK(w.outcome() == (writes ? "B0107" : "B0402"));
  }
}
