// bytecode-spec/disassembler.cpp — prints every table of a module, code by the operand letters of opcodes.def.
// Room: bytecode-spec. In: Module. Out: text. The form is described in bytecode-spec/README.md.
#include "bytecode-spec/disassembler.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytecode-spec/native_signature.h"
#include "bytecode-spec/operand.h"
#include "bytecode-spec/state.h"
#include "bytecode-spec/tables.h"

namespace stark::spec {
namespace {

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      out += fmt::format("\\x{:02x}", byte);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// Rows of a table that a range names, as far as they exist.
template <class T>
std::span<const T> rows(const std::vector<T>& table, Range range) {
  if (range.first > table.size()) return {};
  return std::span(table).subspan(range.first, std::min<size_t>(range.count, table.size() - range.first));
}

class Printer {
 public:
  explicit Printer(const Module& module) : m_(module) {}

  std::string run() {
    line(".skbc 1");
    if (m_.entry != kNone) line(".entry f{}", m_.entry);
    for (uint32_t c : m_.capabilities) line(".capability {}", c < capabilities().size() ? std::string(capabilities()[c]) : fmt::format("{}", c));
    for (Text file : m_.files) line(".file {}", name(file));
    for (const auto& s : m_.segments) line(".segment {} {}", name(s.name), s.length);
    for (size_t t = 0; t < m_.types.size(); ++t) type(t);
    for (size_t s = 0; s < m_.signatures.size(); ++s) signature(s);
    for (size_t y = 0; y < m_.vtables.size(); ++y) vtable(y);
    for (size_t x = 0; x < m_.statics.size(); ++x) static_row(x);
    for (size_t z = 0; z < m_.foreigns.size(); ++z) foreign(z);
    for (size_t c = 0; c < m_.constants.size(); ++c) constant(c);
    for (size_t g = 0; g < m_.graphs.size(); ++g) graph(g);
    for (size_t f = 0; f < m_.functions.size(); ++f) function(f);
    for (const auto& e : m_.exports) line(".export {} f{}", name(e.name), e.function);
    return std::move(out_);
  }

 private:
  template <class... A>
  void line(fmt::format_string<A...> form, A&&... arguments) {
    fmt::format_to(std::back_inserter(out_), form, std::forward<A>(arguments)...);
    out_ += '\n';
  }
  std::string name(Text text) const {
    if (uint64_t{text.first} + text.count > m_.text.size()) return "\"\"";
    return quoted(m_.text_of(text));
  }
  uint32_t slots(uint32_t type, int depth = 0) const {
    if (type >= m_.types.size() || depth > 64) return 0;
    const TypeRow& row = m_.types[type];
    switch (static_cast<TypeKind>(row.kind)) {
      case TypeKind::Struct:
      case TypeKind::Enum: return std::min(lifetimes_declared(row), 64u);
      case TypeKind::Vec:
      case TypeKind::Array:
      case TypeKind::Slice:
      case TypeKind::Box:
      case TypeKind::Cell:
      case TypeKind::Ptr:
      case TypeKind::Arc:
      case TypeKind::Mutex:
      case TypeKind::RwLock:
      case TypeKind::OnceSlot:
      case TypeKind::RefCell: return slots(row.a, depth + 1);
      case TypeKind::Dyn:
      case TypeKind::Fn:
      case TypeKind::Fiber:
      case TypeKind::Scope: return 1;
      case TypeKind::Guard:
      case TypeKind::Ref: return 1 + slots(row.a, depth + 1);
      case TypeKind::Tuple: {
        uint32_t n = 0;
        for (const FieldRow& f : rows(m_.fields, {row.a, row.b})) n += slots(f.type.type, depth + 1);
        return n;
      }
      default: return 0;
    }
  }
  std::string use(TypeUse u) const {
    const auto regions = rows(m_.regions, {u.first_region, slots(u.type)});
    return regions.empty() ? fmt::format("t{}", u.type) : fmt::format("t{}<{}>", u.type, fmt::join(regions, " "));
  }
  std::string fields(Range range) const {
    std::string text;
    for (const FieldRow& f : rows(m_.fields, range)) text += fmt::format(" {} {}", name(f.name), use(f.type));
    return text;
  }
  static std::string form_of(const TypeRow& row) {
    const Representation form = representation(row);
    if (encode(form) != row.d) return fmt::format("? {}", row.d);
    std::string text = fmt::format("regions {}", form.lifetimes);
    if (form.pack != 0) text += fmt::format(" packed {}", form.pack);
    if (form.align != 0) text += fmt::format(" align {}", form.align);
    if (form.tag != 0) text += fmt::format(" tag {}", form.tag);
    return text;
  }
  static std::string optional(uint32_t index) { return index == kNone ? "-" : fmt::format("f{}", index); }

  void type(size_t t) {
    const TypeRow& row = m_.types[t];
    const auto kind = static_cast<TypeKind>(row.kind);
    if (row.kind >= type_kinds().size()) return line(".type t{} ?{}", t, row.kind);
    const std::string head = fmt::format(".type t{} {}", t, row_of(kind).text);
    switch (kind) {
      case TypeKind::Vec:
      case TypeKind::Slice:
      case TypeKind::Box:
      case TypeKind::Fn:
      case TypeKind::Cell:
      case TypeKind::RefCell:
      case TypeKind::Gc:
      case TypeKind::Arc:
      case TypeKind::Mutex:
      case TypeKind::RwLock:
      case TypeKind::OnceSlot:
      case TypeKind::Atomic:
      case TypeKind::Weak: return line("{} t{}", head, row.a);
      case TypeKind::Array: return line("{} t{} {}", head, row.a, uint64_t{row.c} << 32 | row.b);
      case TypeKind::Guard:
        if (row.b == 0 || row.b >= static_cast<uint32_t>(GuardKind::Count)) return line("{} t{}", head, row.a);
        return line("{} t{} {}", head, row.a, guard_text(static_cast<GuardKind>(row.b)));
      case TypeKind::Ptr:
      case TypeKind::Ref: return line("{} t{}{}", head, row.a, row.b != 0 ? " mut" : "");
      case TypeKind::Tuple: {
        std::string text = head;
        for (const FieldRow& f : rows(m_.fields, {row.a, row.b})) text += fmt::format(" t{}", f.type.type);
        return line("{}", text);
      }
      case TypeKind::Struct: {
        return line("{} {} drop {} {} {{{} }}", head, name(row.name), optional(row.c), form_of(row), fields({row.a, row.b}));
      }
      case TypeKind::Enum: {
        std::string text;
        for (const VariantRow& v : rows(m_.variants, {row.a, row.b})) text += fmt::format(" {} {{{} }}", name(v.name), fields(v.fields));
        return line("{} {} drop {} {} {{{} }}", head, name(row.name), optional(row.c), form_of(row), text);
      }
      case TypeKind::Tensor: return line("{} {}", head, tensor(row.c, {row.a, row.b}));
      case TypeKind::Opaque: return line("{} {}", head, row.a < opaques().size() ? opaques()[row.a] : "?");
      case TypeKind::Dyn: {
        std::string text;
        for (const DynMethodRow& method : rows(m_.dyn_methods, {row.a, row.b})) text += fmt::format(" {} s{}", name(method.name), method.signature);
        return line("{} {} flags {} {{{} }}", head, name(row.name), row.c, text);
      }
      default: return line("{}", head);
    }
  }
  std::string tensor(uint32_t dtype, Range dims) const {
    std::string text(dtype < kDTypeCount ? dtype_name(static_cast<DType>(dtype)) : "?");
    text += " [";
    for (int64_t d : rows(m_.dims, dims)) text += d == kUnknownDim ? " ?" : fmt::format(" {}", d);
    return text + " ]";
  }
  void signature(size_t s) {
    const SignatureRow& row = m_.signatures[s];
    std::string text = fmt::format(".signature s{} (", s);
    for (const TypeUse& u : rows(m_.type_uses, row.parameters)) text += " " + use(u);
    text += fmt::format(" ) {} regions {}", use(row.result), row.region_count);
    for (const auto& pair : rows(m_.outlives, row.outlives)) text += fmt::format(" {}:{}", pair.longer, pair.shorter);
    line("{}", text);
  }
  void vtable(size_t y) {
    const VTableRow& row = m_.vtables[y];
    std::string text = fmt::format(".vtable y{} t{} t{} (", y, row.type, row.dyn);
    for (uint32_t f : rows(m_.vtable_functions, row.functions)) text += fmt::format(" f{}", f);
    line("{} )", text);
  }
  void static_row(size_t x) {
    const StaticRow& row = m_.statics[x];
    const bool known = row.flags <= (kStaticMutable | kStaticLocal);
    const std::string flags = known ? fmt::format("{}{}", row.flags & kStaticMutable ? " mut" : "", row.flags & kStaticLocal ? " local" : "") : fmt::format(" flags {}", row.flags);
    line(".static x{} {} t{} f{}{}", x, name(row.name), row.type, row.initialiser, flags);
  }
  void foreign(size_t z) {
    const ForeignRow& row = m_.foreigns[z];
    const std::string flags = row.flags == 0 ? "" : row.flags == kForeignVariadic ? " variadic" : fmt::format(" flags {}", row.flags);
    line(".foreign z{} {} {} s{}{}", z, name(row.name), name(row.library), row.signature, flags);
  }
  void constant(size_t c) {
    const ConstantRow& row = m_.constants[c];
    const char* kind = row.kind < type_kinds().size() ? type_kinds()[row.kind].text.data() : "?";
    if (static_cast<TypeKind>(row.kind) == TypeKind::Str) {
      return line(".constant c{} str {}", c, name({static_cast<uint32_t>(row.bits >> 32), static_cast<uint32_t>(row.bits)}));
    }
    line(".constant c{} {} {:#x}", c, kind, row.bits);
  }
  void graph(size_t g) {
    const GraphRow& row = m_.graphs[g];
    line(".graph g{}", g);
    const auto modes = rows(m_.input_modes, row.inputs);
    const auto values = rows(m_.tensor_types, row.values);
    for (size_t v = 0; v < values.size(); ++v) {
      static constexpr std::string_view kModes[] = {"borrowed", "donated", "scalar"};
      const bool input = v < modes.size();
      const std::string_view mode = !input ? "value" : modes[v] < 3 ? kModes[modes[v]] : "?";
      line("  {} {}", mode, tensor(values[v].dtype, values[v].dims));
    }
    const auto operands = rows(m_.operands, row.operands);
    const auto attributes = rows(m_.attributes, row.attributes);
    for (const NodeRow& n : rows(m_.nodes, row.nodes)) {
      std::string text = fmt::format("  node {}", n.op < kTensorOpCount ? kTensorOpRows[n.op].name : "?");
      for (uint32_t i = 0; i < n.operands.count && n.operands.first + i < operands.size(); ++i) text += fmt::format(" %{}", operands[n.operands.first + i]);
      for (uint32_t i = 0; i < n.attributes.count && n.attributes.first + i < attributes.size(); ++i) text += fmt::format(" {}", attributes[n.attributes.first + i]);
      line("{}", text);
    }
    for (uint32_t o : rows(m_.outputs, row.outputs)) line("  output %{}", o);
  }

  std::string place(uint32_t p) const { return p < f_->registers.count ? fmt::format("r{}", p) : fmt::format("p{}", p); }

  void function(size_t index) {
    f_ = &m_.functions[index];
    line(".function f{} {} s{} regions {} file {}", index, name(f_->name), f_->signature, f_->region_count,
         f_->file == kNone ? "-" : fmt::format("{}", f_->file));
    const auto registers = rows(m_.registers, f_->registers);
    for (size_t r = 0; r < registers.size(); ++r) {
      const uint32_t flags = registers[r].flags;
      line("  .reg r{} {}{}{}{}", r, use(registers[r].type), flags & kMutable ? " mut" : "", flags & kParameter ? " param" : "",
           flags & kDropFlag ? " dropflag" : "");
    }
    const auto places = rows(m_.places, f_->places);
    for (size_t p = 0; p < places.size(); ++p) line("  .place p{} r{}{}", registers.size() + p, places[p].base, steps(places[p]));
    const auto loans = rows(m_.loans, f_->loans);
    for (size_t l = 0; l < loans.size(); ++l) line("  .loan l{} {} {}", l, loans[l].is_mut() ? "mut" : "shared", place(loans[l].place()));
    code();
  }
  static std::string steps(const PlaceRow& row) {
    std::string text;
    for (size_t i = 0; i < row.kinds.size(); ++i) {
      const uint32_t a = row.arguments[i];
      switch (static_cast<ProjectionKind>(row.kinds[i])) {
        case ProjectionKind::Field: text += fmt::format(" .{}", a); break;
        case ProjectionKind::ConstIndex: text += fmt::format(" [{}]", a); break;
        case ProjectionKind::Index: text += fmt::format(" [r{}]", a); break;
        case ProjectionKind::Deref: text += " *"; break;
        case ProjectionKind::Variant: text += fmt::format(" #{}", a); break;
        case ProjectionKind::None: break;
      }
    }
    return text;
  }

  std::string state(uint32_t offset) const {
    size_t at = offset;
    const auto next = [&]() -> uint32_t { return at < m_.states.size() ? m_.states[at++] : 0; };
    const StateHead head{next()};
    std::string text = " : whole";
    const auto mask = rows(m_.states, {static_cast<uint32_t>(at), head.mask_words()});
    at += mask.size();
    for (uint32_t r = 0; r < mask.size() * 32; ++r) {
      uint32_t end = r;
      while (has_bit(mask, end)) ++end;
      if (end > r) text += fmt::format(" {}+{}", r, end - r);
      r = end;
    }
    text += " maybe";
    const auto count = [&](uint32_t section) { return head.has(section) ? next() : 0; };
    for (uint32_t n = count(StateHead::kMaybe); n > 0 && at < m_.states.size(); --n) text += fmt::format(" {}", next());
    const auto lists = [&](uint32_t section) {
      for (uint32_t n = count(section); n > 0 && at < m_.states.size(); --n) {
        const ListHead list{next()};
        text += fmt::format(" {} (", list.owner());
        for (uint32_t k = list.is_long() ? next() : list.count(); k > 0 && at < m_.states.size(); --k) text += fmt::format(" {}", next());
        text += " )";
      }
    };
    text += " partly";
    lists(StateHead::kPartly);
    text += " regions";
    lists(StateHead::kRegions);
    return text;
  }

  void code() {
    const auto words = rows(m_.code, f_->code);
    const auto blocks = rows(m_.blocks, f_->blocks);
    const auto lines = rows(m_.lines, f_->lines);
    size_t block = 0, next_line = 0;
    for (size_t at = 0; at < words.size();) {
      while (block < blocks.size() && blocks[block].code_first <= at) {
        line("  b{}{}", block, blocks[block].state == kNone ? "" : state(blocks[block].state));
        ++block;
      }
      std::string text = "    ";
      const size_t length = std::min<size_t>(words[at] >> 16, words.size() - at - 1);
      text += instruction(words[at] & 0xFFFF, words.subspan(at + 1, length));
      if (next_line < lines.size() && lines[next_line].word <= at) {
        text += fmt::format(" @{}:{}", lines[next_line].line, lines[next_line].column);
        ++next_line;
      }
      line("{}", text);
      at += length + 1;
    }
  }

  std::string used(uint32_t word) const {
    const Operand o = decode_operand(word);
    switch (o.mode) {
      case OperandMode::Copy: return place(o.index);
      case OperandMode::Move: return "move:" + place(o.index);
      case OperandMode::Last: return "last:" + place(o.index);
      case OperandMode::Constant: return fmt::format("c{}", o.index);
    }
    return {};
  }
  std::string one(char letter, uint32_t word) const {
    switch (letter) {
      case 'u':
      case 'U': return used(word);
      case 'd':
      case 'D':
      case 'p': return place(word);
      case 'n': return word < natives().size() ? fmt::format("{}", natives()[word].text) : fmt::format("n{}", word);
      case 'B': return fmt::format("b{}", word);
      case 'v': return fmt::format("#{}", word);
      case 'i': return fmt::format("{}", word);
      default: return fmt::format("{}{}", letter, word);
    }
  }
  static bool fits_row(const OpcodeRow& row, std::span<const uint32_t> words) {
    size_t needed = 0;
    for (char letter : row.operands) {
      const bool list = letter == 'U' || letter == 'D' || letter == 'B';
      if (list && needed < words.size()) needed += words[needed];
      ++needed;
    }
    return needed == words.size();
  }
  std::string instruction(uint32_t opcode, std::span<const uint32_t> words) const {
    if (opcode >= opcodes().size() || !fits_row(opcodes()[opcode], words)) return fmt::format("raw {}{}{}", opcode, words.empty() ? "" : " ", fmt::join(words, " "));
    const OpcodeRow& row = opcodes()[opcode];
    std::string text(row.text);
    size_t at = 0;
    for (char letter : row.operands) {
      if (letter == 'U' || letter == 'D' || letter == 'B') {
        const uint32_t count = at < words.size() ? words[at++] : 0;
        text += " (";
        for (uint32_t i = 0; i < count && at < words.size(); ++i) text += " " + one(letter, words[at++]);
        text += " )";
      } else if (at < words.size()) {
        text += " " + one(letter, words[at++]);
      }
    }
    return text;
  }

  const Module& m_;
  const FunctionRow* f_ = nullptr;
  std::string out_;
};

}  // namespace

std::string disassemble(const Module& module) { return Printer(module).run(); }

}  // namespace stark::spec
