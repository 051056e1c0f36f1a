// devices/kernel/render.cpp — one loop over kept points, one over reduced ones inside, a line per instruction.
// Room: devices/kernel. In: a Kernel, a Dialect. Out: source text and launch words.
#include "devices/kernel/render.h"

#include <fmt/format.h>

#include "devices/kernel/functions.h"

namespace stark::devices::kernel {
namespace {

constexpr std::string_view kGlslHead = R"(#version 450
#extension GL_EXT_shader_explicit_arithmetic_types : require
#extension GL_EXT_shader_8bit_storage : require
#extension GL_EXT_shader_16bit_storage : require
)";

class Renderer {
 public:
  Renderer(const Kernel& kernel, Dialect dialect)
      : kernel_(kernel), dialect_(dialect), glsl_(dialect == Dialect::Glsl) {}

  Source render() {
    for (const Access& access : kernel_.accesses)
      if (access.slot != kNoSlot) source_.types.insert(access.dtype);
    source_.types.insert(kernel_.store.dtype);
    for (const Instruction& code : kernel_.code) source_.types.insert(code.type);
    std::string body = main_body();
    std::string head = glsl_ ? std::string(kGlslHead) : std::string();
    source_.text = head + prelude(dialect_, source_.types) + functions_ + signature() + body + "}\n";
    return std::move(source_);
  }

 private:
  std::string word(size_t index) const { return fmt::format("words.v[{}{}]", glsl_ ? "base + " : "", index); }
  size_t access_word(size_t access) const { return kernel_.rank + 2 + access * (kernel_.rank + 1); }

  std::string signature() const {
    std::string out;
    const size_t count = kernel_.accesses.size();
    const auto dtype = [&](size_t i) { return i == count ? kernel_.store.dtype : kernel_.accesses[i].dtype; };
    if (!glsl_) {
      out = fmt::format("typedef struct {{ int v[{}]; }} Words;\n__kernel void run(Words words", 256);
      for (size_t i = 0; i <= count; ++i)
        if (i == count || kernel_.accesses[i].slot != kNoSlot)
          out += fmt::format(", __global {}* s{}", element_name(dtype(i), dialect_), i);
      return out + ") {\n";
    }
    out =
        "layout(local_size_x = 64) in;\nlayout(push_constant) uniform Push { int base; };\n"
        "layout(std430, binding = 0) readonly buffer Words { int v[]; } words;\n";
    for (size_t i = 0, binding = 1; i <= count; ++i)
      if (i == count || kernel_.accesses[i].slot != kNoSlot)
        out += fmt::format("layout(std430, binding = {0}) buffer S{1} {{ {2} v[]; }} b{1};\n#define s{1} b{1}.v\n",
                           binding++, i, element_name(dtype(i), dialect_));
    return out + "void main() {\n";
  }

  std::string main_body() {
    const std::string count = word(kernel_.rank);
    std::string out = glsl_ ? "int total = int(gl_NumWorkGroups.x * gl_WorkGroupSize.x);\n"
                              "for (int kept = int(gl_GlobalInvocationID.x); kept < " +
                                  count + "; kept += total) {\n"
                            : "for (int kept = get_global_id(0); kept < " + count + "; kept += get_global_size(0)) {\n";
    out += coordinates("kept", 0, kernel_.kept());
    const size_t body = kernel_.body();
    if (kernel_.reduce != ReduceKind::None) {
      out += declare_accumulator(body);
      out += fmt::format("for (int r = 0; r < {}; ++r) {{\n", word(kernel_.rank + 1));
      out += coordinates("r", kernel_.kept(), kernel_.rank);
      for (size_t i = 0; i < body; ++i) out += line(i);
      out += accumulate(body) + "}\n";
    }
    for (size_t i = kernel_.reduce == ReduceKind::None ? 0 : body + 1; i < kernel_.code.size(); ++i) out += line(i);
    return out + store() + "}\n";
  }

  // Row-major coordinates i0, i1, … of a running number.
  std::string coordinates(std::string_view number, size_t first, size_t last) const {
    std::string out;
    if (last > first + 1) out = fmt::format("int {0}_rest = {0};\n", number);
    for (size_t d = last; d-- > first;) {
      if (last == first + 1)
        out += fmt::format("int i{} = {};\n", d, number);
      else if (d == first)
        out += fmt::format("int i{} = {}_rest;\n", d, number);
      else
        out += fmt::format("int i{0} = {1}_rest % {2}; {1}_rest /= {2};\n", d, number, word(d));
    }
    return out;
  }

  std::string index(size_t access, size_t dims) const {
    std::string out = word(access_word(access));
    for (size_t d = 0; d < dims; ++d) out += fmt::format(" + i{} * {}", d, word(access_word(access) + 1 + d));
    return out;
  }

  std::string_view type_of(size_t reg) const { return register_name(kernel_.code[reg].type, dialect_); }

  std::string line(size_t i) {
    const Instruction& code = kernel_.code[i];
    const bool real = spec::is_float(code.type);
    return fmt::format("{}{} r{} = {};\n", real && glsl_ ? "precise " : "", type_of(i), i, value(i));
  }

  std::string value(size_t i) {
    const Instruction& code = kernel_.code[i];
    const size_t dims = i < kernel_.body() || kernel_.reduce == ReduceKind::None ? kernel_.rank : kernel_.kept();
    switch (code.op) {
      case Op::Load: return load(code.index, dims);
      case Op::Index: return fmt::format("{}_({})", type_of(i), index(code.index, dims));
      case Op::Scalar: return scalar(code.type);
      case Op::Constant: return constant(code.type, code.bits);
      case Op::Random: return random(code);
      case Op::Cast: return cast_text(kernel_.code[code.a].type, code.type, fmt::format("r{}", code.a), dialect_);
      default: return arithmetic(code);
    }
  }

  std::string load(size_t access, size_t dims) const {
    const std::string element = fmt::format("s{}[{}]", access, index(access, dims));
    switch (kernel_.accesses[access].dtype) {
      case DType::F16: return fmt::format("f16_value(uint_({}))", element);
      case DType::BF16: return fmt::format("FLOAT_OF(uint_({}) << 16)", element);
      case DType::Bool: return fmt::format("({} != {})", element, glsl_ ? "uint8_t(0)" : "0");
      default: return element;
    }
  }

  std::string store() const {
    const size_t access = kernel_.accesses.size();
    const std::string place = fmt::format("s{}[{}]", access, index(access, kernel_.kept()));
    const std::string reg = fmt::format("r{}", kernel_.result);
    switch (kernel_.store.dtype) {
      case DType::F16: return fmt::format("{} = {}(f16_bits({}));\n", place, glsl_ ? "uint16_t" : "(ushort)", reg);
      case DType::BF16: return fmt::format("{} = {}(bf16_bits({}));\n", place, glsl_ ? "uint16_t" : "(ushort)", reg);
      case DType::Bool:
        return glsl_ ? fmt::format("{} = uint8_t({} ? 1 : 0);\n", place, reg) : fmt::format("{} = {};\n", place, reg);
      default: return fmt::format("{} = {};\n", place, reg);
    }
  }

  std::string constant(DType dtype, uint64_t bits) const {
    const auto low = static_cast<uint32_t>(bits), high = static_cast<uint32_t>(bits >> 32);
    switch (dtype) {
      case DType::F32: return fmt::format("FLOAT_OF({:#x}u)", low);
      case DType::F64:
        return glsl_ ? fmt::format("packDouble2x32(uvec2({:#x}u, {:#x}u))", low, high)
                     : fmt::format("as_double({:#x}UL)", bits);
      case DType::Bool: return bits != 0 ? (glsl_ ? "true" : "1") : (glsl_ ? "false" : "0");
      case DType::I64:
      case DType::U64: return fmt::format("{}_({:#x}UL)", register_name(dtype, dialect_), bits);
      default: return fmt::format("{}_({})", register_name(dtype, dialect_), static_cast<int32_t>(low));
    }
  }

  // Scalars come as two words each, after everything else, in the order of their instructions.
  std::string scalar(DType dtype) {
    const size_t first = access_word(kernel_.accesses.size() + 1) + 2 * scalars_++;
    const std::string low = word(first), high = word(first + 1);
    const std::string wide =
        fmt::format("({0}_(uint_({1})) | {0}_(uint_({2})) << 32)", register_name(DType::U64, dialect_), low, high);
    switch (dtype) {
      case DType::F32: return fmt::format("FLOAT_OF({})", low);
      case DType::F64:
        return glsl_ ? fmt::format("packDouble2x32(uvec2(uint({}), uint({})))", low, high)
                     : fmt::format("as_double({})", wide);
      case DType::Bool: return fmt::format("({} != 0)", low);
      case DType::I64:
      case DType::U64: return fmt::format("{}_({})", register_name(dtype, dialect_), wide);
      default: return fmt::format("{}_({})", register_name(dtype, dialect_), low);
    }
  }

  std::string random(const Instruction& code) {
    need("random", random_text(dialect_));
    source_.types.insert(DType::U64);
    const auto element = static_cast<DType>(code.index);
    const std::string arguments =
        fmt::format("({:#x}u, {:#x}u, {}_(r{}))", static_cast<uint32_t>(code.bits),
                    static_cast<uint32_t>(code.bits >> 32), register_name(DType::U64, dialect_), code.a);
    switch (element) {
      case DType::F64: return fmt::format("double_(philox_wide{} >> 11) * double_(1.1102230246251565e-16)", arguments);
      case DType::F16: return fmt::format("float_(philox{} >> 21) * 4.8828125e-4f", arguments);
      case DType::BF16: return fmt::format("float_(philox{} >> 24) * 3.90625e-3f", arguments);
      default: return fmt::format("float_(philox{} >> 8) * 5.9604644775390625e-8f", arguments);
    }
  }

  std::string arithmetic(const Instruction& code) {
    const DType type = kernel_.code[code.op == Op::Select ? code.b : code.a].type;
    use(code.op, type);
    std::string out;
    const std::string_view text = op_row(code.op).text;
    for (size_t i = 0; i < text.size(); ++i) {
      if (text[i] != '%')
        out += text[i];
      else if (text[++i] == 't')
        out += spec::dtype_name(type);
      else
        out += fmt::format("r{}", text[i] == 'a' ? code.a : text[i] == 'b' ? code.b : code.c);
    }
    // Small integers are computed as int and cut back.
    return spec::is_numeric(code.type) && !spec::is_float(code.type)
               ? fmt::format("{}_({})", register_name(code.type, dialect_), out)
               : out;
  }

  void use(Op op, DType type) {
    const auto text = function_text(op, type, dialect_);
    if (!text) source_.unsupported.push_back(op);
    if (text && !text->empty()) need(fmt::format("{}{}", op_row(op).name, spec::dtype_name(type)), *text);
    if (op == Op::Sin || op == Op::Cos || op == Op::Pow) source_.types.insert(DType::F64);
  }

  // Templates may share a helper: each definition, which starts after an empty line, goes in once.
  void need(const std::string& name, const std::string& text) {
    if (!needed_.insert(name).second) return;
    size_t at = 0;
    while (at < text.size()) {
      const size_t next = text.find("}\n", at);
      const size_t end = next == std::string::npos ? text.size() : next + 2;
      std::string part = text.substr(at, end - at);
      if (functions_.find(part) == std::string::npos) functions_ += part;
      at = end;
    }
  }

  std::string declare_accumulator(size_t body) const {
    const bool arg = kernel_.reduce == ReduceKind::ArgMax || kernel_.reduce == ReduceKind::ArgMin;
    const std::string_view type = arg ? type_of(kernel_.reduce_value) : type_of(body);
    const char* start = kernel_.reduce == ReduceKind::Prod ? "1" : "0";
    if (arg) return fmt::format("{0} best = {0}_(0);\n{1} r{2} = {1}_(0);\n", type, type_of(body), body);
    return fmt::format("{}{} r{} = {}_({});\n", glsl_ && spec::is_float(kernel_.code[body].type) ? "precise " : "",
                       type, body, type, start);
  }

  std::string accumulate(size_t body) {
    const std::string value = fmt::format("r{}", kernel_.reduce_value), sum = fmt::format("r{}", body);
    const DType type = kernel_.code[kernel_.reduce_value].type;
    const bool largest = kernel_.reduce == ReduceKind::Max || kernel_.reduce == ReduceKind::ArgMax;
    switch (kernel_.reduce) {
      case ReduceKind::Sum: return fmt::format("{0} = {0} + {1}_({2});\n", sum, type_of(body), value);
      case ReduceKind::Prod: return fmt::format("{0} = {0} * {1}_({2});\n", sum, type_of(body), value);
      case ReduceKind::Max:
      case ReduceKind::Min:
        use(largest ? Op::Maximum : Op::Minimum, type);
        return fmt::format("{0} = r == 0 ? {1} : {2}_{3}({0}, {1});\n", sum, value, largest ? "max" : "min",
                           spec::dtype_name(type));
      default: break;
    }
    const std::string nan = spec::is_float(type) ? fmt::format(" || (isnan({}) && !isnan(best))", value) : "";
    return fmt::format("if (r == 0 || {0} {1} best{2}) {{ best = {0}; {3} = {4}_(r); }}\n", value, largest ? ">" : "<",
                       nan, sum, type_of(body));
  }

  const Kernel& kernel_;
  const Dialect dialect_;
  const bool glsl_;
  Source source_;
  std::string functions_;
  std::set<std::string> needed_;
  size_t scalars_ = 0;
};

}  // namespace

Source render(const Kernel& kernel, Dialect dialect) { return Renderer(kernel, dialect).render(); }

std::optional<std::vector<int32_t>> launch_words(const Kernel& kernel, std::span<const int64_t> slot_offsets,
                                                 std::span<const Scalar> scalars) {
  std::vector<int32_t> words;
  bool fits = true;
  const auto push = [&](int64_t value) {
    fits = fits && value <= kMaxIndex;
    words.push_back(static_cast<int32_t>(value));
  };
  for (size_t d = 0; d < kernel.rank; ++d) push(kernel.extents[d]);
  push(kernel.kept_count());
  push(kernel.reduced_count());
  const auto access = [&](const Access& one) {
    int64_t offset = one.offset, last = 0;
    if (one.slot != kNoSlot) offset += slot_offsets[one.slot] / spec::dtype_bytes(one.dtype);
    push(offset);
    for (size_t d = 0; d < kernel.rank; ++d) {
      push(one.strides[d]);
      last += std::max<int64_t>(kernel.extents[d] - 1, 0) * one.strides[d];
    }
    fits = fits && offset + last <= kMaxIndex;
  };
  for (const Access& one : kernel.accesses) access(one);
  access(kernel.store);
  for (const Instruction& code : kernel.code)
    if (code.op == Op::Scalar) {
      const uint64_t bits = scalars[code.index].bits;
      words.push_back(static_cast<int32_t>(bits));
      words.push_back(static_cast<int32_t>(bits >> 32));
    }
  if (!fits || words.size() > 256) return std::nullopt;
  return words;
}

Source render_product(DType dtype, Dialect dialect) {
  const bool glsl = dialect == Dialect::Glsl;
  Source source;
  source.types.insert(dtype);
  const std::string_view reg = register_name(dtype, dialect), element = element_name(dtype, dialect);
  const bool half = dtype == DType::F16, brain = dtype == DType::BF16;
  const auto load = [&](std::string_view place) {
    return half    ? fmt::format("f16_value(uint_({}))", place)
           : brain ? fmt::format("FLOAT_OF(uint_({}) << 16)", place)
                   : std::string(place);
  };
  const std::string stored =
      half || brain ? fmt::format("{}({}_bits(sum))", glsl ? "uint16_t" : "(ushort)", half ? "f16" : "bf16") : "sum";
  std::string out = glsl ? std::string(kGlslHead) : std::string();
  out += prelude(dialect, source.types);
  if (glsl) {
    out +=
        "layout(local_size_x = 16, local_size_y = 16) in;\nlayout(push_constant) uniform Push { int base; };\n"
        "layout(std430, binding = 0) readonly buffer Words { int v[]; } words;\n";
    for (int i = 0; i < 3; ++i)
      out += fmt::format("layout(std430, binding = {0}) buffer S{1} {{ {2} v[]; }} b{1};\n#define s{1} b{1}.v\n", i + 1,
                         i, element);
    out += fmt::format(
        "shared {0} at[16][17], bt[16][17];\n#define W(i) words.v[base + i]\n#define BARRIER barrier()\n"
        "void main() {{\nint x = int(gl_LocalInvocationID.x), y = int(gl_LocalInvocationID.y);\n"
        "int column = int(gl_WorkGroupID.x) * 16 + x, row = int(gl_WorkGroupID.y) * 16 + y;\n",
        reg);
  } else {
    out += fmt::format(
        "typedef struct {{ int v[256]; }} Words;\n#define W(i) words.v[i]\n#define BARRIER "
        "barrier(CLK_LOCAL_MEM_FENCE)\n"
        "__kernel __attribute__((reqd_work_group_size(16, 16, 1)))\nvoid run(Words words, __global {0}* s0, __global "
        "{0}* s1, __global {0}* s2) {{\n"
        "__local {1} at[16][17], bt[16][17];\nint x = get_local_id(0), y = get_local_id(1);\n"
        "int column = get_group_id(0) * 16 + x, row = get_group_id(1) * 16 + y;\n",
        element, reg);
  }
  out += fmt::format(
      "{0} sum = {0}_(0);\nfor (int k = 0; k < W(2); k += 16) {{\n"
      "at[y][x] = {0}_(0);\nbt[y][x] = {0}_(0);\n"
      "if (row < W(0) && k + x < W(2)) at[y][x] = {1};\nif (column < W(1) && k + y < W(2)) bt[y][x] = {2};\n"
      "BARRIER;\nfor (int i = 0; i < 16; ++i) sum += {0}_(at[y][i] * bt[i][x]);\nBARRIER;\n}}\n"
      "if (row < W(0) && column < W(1)) s2[W(9) + row * W(10) + column * W(11)] = {3};\n}}\n",
      reg, load("s0[W(3) + row * W(4) + (k + x) * W(5)]"), load("s1[W(6) + (k + y) * W(7) + column * W(8)]"), stored);
  source.text = std::move(out);
  return source;
}

}  // namespace stark::devices::kernel
