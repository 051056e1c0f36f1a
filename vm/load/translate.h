// vm/load/translate.h — Translator: one function's instructions over places become operations over frame offsets.
// Room: vm/load, private. In: a laid-out Function. Out: its operations.
// Law: a slot of scratch is of one size for the whole function. Between the first operation of an instruction and its last nothing allocates, but for the one that is meant to; so
// addresses may wait in scratch slots, which no collection looks at.
#pragma once

#include <algorithm>
#include <optional>
#include <span>

#include "bytecode-spec/operand.h"
#include "vm/load/code.h"
#include "vm/load/program.h"

namespace stark::vm {

// Where a place is: at an offset of the frame; at an address in a slot plus a displacement; or what a fat reference
// in the frame stands for (str, slice).
struct Where {
  enum class Kind : uint8_t { Frame, Memory, Fat } kind = Kind::Frame;
  uint32_t offset = 0;  // or slot
  uint32_t disp = 0;
  uint32_t type = 0;
  uint32_t variant = spec::kNone;  // after a Variant step
};

// A value to be read: a constant, or in the frame.
struct Source {
  bool is_constant = false;
  uint64_t bits = 0;
  uint32_t offset = 0;
  uint32_t type = spec::kNone;
  TypeKind kind = TypeKind::Unit;
  bool is_moved = false;
};

struct Instruction {
  spec::Opcode op{};
  std::span<const uint32_t> words;  // behind the head
};

struct Scratch {
  uint32_t size, offset;
  bool is_used;
};
// What the bodies in one function share while it is translated.
struct Emission {
  Function& function;
  Code code;
  std::vector<Scratch> scratch;
  uint32_t frame_end = 0;  // behind registers and scratch
  uint32_t inlined_words = 0;
  uint32_t outgoing = 0;       // behind the frame: arguments of calls, room for a static's value
};

class Translator {
 public:
  // Makes the operations of a function that is laid out.
  static void run(Program& program, Function& function);

 private:
  Translator(Program& program, Emission& emission, uint32_t index, const Layout& layout, uint32_t body);
  void translate();
  static struct Improvable improvable(const Program& program, Emission& e);
  static void bind(Emission& e);

  // translate.cpp: the walk over blocks, and operations as such
  void block(uint32_t b);
  uint64_t instructions_until_end() const;
  void instruction(const Instruction& i);
  Op& emit(Exec code, uint32_t a = 0, uint32_t b = 0, uint32_t c = 0, uint64_t imm = 0);
  Op& emit_jump(Exec code, uint32_t a, uint32_t b, uint32_t block, uint64_t imm = 0);
  Instruction instruction_at(size_t at) const;
  std::optional<Instruction> peek() const;
  bool watches() const { return p_.translation().watches; }
  // Time up to here belongs to this function; one that stands where it is called counts as its caller, but in loops of its own.
  bool leaves_function(spec::Opcode op) const { return body_ == 0 && (op == spec::Opcode::Call || op == spec::Opcode::CallDyn || op == spec::Opcode::Return); }
  bool looks() const { return p_.translation().looks; }
  void watch(WatchAt at);
  uint32_t scratch(uint32_t bytes);
  void count_uses();
  void find_heads();

  // places.cpp: addresses
  Where resolve(uint32_t place, uint32_t leave_out = 0);
  void step(Where& at, spec::ProjectionKind kind, uint32_t argument);
  static uint32_t distance_behind(TypeKind kind);
  void dereference(Where& at);
  void element(Where& at, uint32_t index_offset);
  uint32_t address_slot(const Where& at);  // a slot that holds the address
  void load(uint32_t to, const Where& from);
  void store(const Where& to, const Source& value);
  bool load_element(uint32_t to, uint32_t place);
  bool store_element(uint32_t place, const Source& value);
  bool element_operation(uint32_t place, uint32_t value, bool is_load);

  // values.cpp: operands, and everything that is no number
  Source read(uint32_t word);
  bool is_static(uint32_t place) const;
  void fetch(uint32_t to, uint32_t place);
  void fetch_operand(uint32_t to, uint32_t word);
  uint32_t in_frame(const Source& s);  // its offset, after constants were put into scratch
  FrameValue frame_value(uint32_t word);
  uint32_t begin_write(uint32_t place);              // where the value is to be put
  void end_write(uint32_t place, uint32_t offset);   // from there into the place
  void copy(uint32_t to, uint32_t from, uint32_t size);
  void put(uint32_t to, const Source& value);
  void set_flag(uint32_t reg, bool on);
  void set(uint32_t place, uint32_t operand);
  void make(const Instruction& i, bool is_variant);
  void repeat(const Instruction& i);
  void box(const Instruction& i);
  void dyn(const Instruction& i);
  void tag(const Instruction& i);
  void len(const Instruction& i);
  void borrow(const Instruction& i);
  void reach_static(const Instruction& i);
  void drop(uint32_t place);
  void drop_flag(uint32_t reg);
  void format(const Instruction& i);
  void call(const Instruction& i);
  void call_dyn(const Instruction& i);
  void call_native(const Instruction& i);
  void call_foreign(const Instruction& i);
  bool call_intrinsic(spec::Native native, const Instruction& i);
  bool intrinsic(Exec code, const Instruction& i);
  bool constant(const Instruction& i, uint64_t value);
  uint32_t pointee(const Source& pointer) const { return types().row(pointer.type).a; }
  bool push(Exec code, spec::Native native, const Instruction& i);
  bool split(const Instruction& i);
  bool replace(const Instruction& i);
  bool letter_at(const Instruction& i);
  // `make` puts the result of a call where it is told.
  template <class Make>
  bool write_result(const Instruction& i, Make make) {
    const uint32_t place = result_place(i.words[0]);
    const uint32_t to = begin_write(place);
    make(to);
    end_write(place, to);
    return true;
  }
  void tensor(const Instruction& i);

  // inline.cpp
  const Layout* inlined(uint32_t callee) const;
  void call_inlined(uint32_t callee, const Layout& layout, uint32_t result);

  // numbers.cpp
  void arithmetic(const Instruction& i);
  void bits(const Instruction& i);
  void shift(const Instruction& i);
  void unary(const Instruction& i);
  void cast(const Instruction& i);
  void compare(const Instruction& i);
  bool compare_and_branch(const Instruction& i, Source left, Source right);
  uint32_t result_place(uint32_t place);  // where a result is wanted in the end, one `set` further on

  // control.cpp
  void jump(uint32_t block);
  void branch(const Instruction& i);
  void switch_on(const Instruction& i);
  void give_back(const Instruction& i);

  const spec::Module& m() const { return p_.module(); }
  const TypeTables& types() const { return p_.types(); }
  bool is_register(uint32_t place) const { return place < row_.registers.count; }
  uint32_t register_type(uint32_t r) const { return m().registers[row_.registers.first + r].type.type; }
  uint32_t type_of(uint32_t place) const { return p_.verified().place_type(index_, place); }
  const spec::PlaceRow& place_row(uint32_t place) const { return m().places[row_.places.first + place - row_.registers.count]; }

  uint32_t offset_of(uint32_t r) const { return layout_.registers[r]; }
  uint32_t new_label() {
    e_.code.labels.push_back(0);
    return static_cast<uint32_t>(e_.code.labels.size() - 1);
  }
  void set_label(uint32_t label) { e_.code.labels[label] = static_cast<uint32_t>(e_.code.ops.size()); }
  uint32_t label_of(uint32_t block) const { return first_label_ + block; }

  Program& p_;
  Emission& e_;
  const uint32_t index_;  // of the function whose body this is
  const Layout& layout_;
  const uint32_t body_;
  const spec::FunctionRow& row_;
  std::span<const uint32_t> code_;
  size_t at_ = 0;              // word of the next instruction
  size_t end_ = 0;             // of the block
  uint32_t word_ = 0;          // of the current instruction
  uint32_t block_ = 0;
  std::vector<uint32_t> uses_;         // by register: how often the code names it
  std::vector<bool> heads_;            // by block: of loops
  bool calls_ = false;                 // it calls functions
  std::vector<Scratch> held_;          // scratch of the caller whose call this body stands for
  uint32_t first_label_ = 0;           // of the blocks; one more label stands behind them
  uint32_t result_ = 0;                // of an inlined body: where its caller wants it
};

Number number_of(TypeKind kind);

}  // namespace stark::vm
