// devices/kernel/functions.cpp — templates of functions; $T is the type, $t its name, filled in per use.
// Room: devices/kernel. In: an instruction, a type, a Dialect. Out: text both languages read.
#include "devices/kernel/functions.h"

#include <fmt/format.h>

#include <array>

namespace stark::devices::kernel {
namespace {

struct TypeNames {
  std::string_view opencl, glsl, opencl_element, glsl_element;
};
constexpr std::array<TypeNames, spec::kDTypeCount> kTypes = {{
    {"float", "float", "float", "float"},
    {"double", "double", "double", "double"},
    {"float", "float", "ushort", "uint16_t"},
    {"float", "float", "ushort", "uint16_t"},
    {"char", "int8_t", "char", "int8_t"},
    {"short", "int16_t", "short", "int16_t"},
    {"int", "int", "int", "int"},
    {"long", "int64_t", "long", "int64_t"},
    {"uchar", "uint8_t", "uchar", "uint8_t"},
    {"ushort", "uint16_t", "ushort", "uint16_t"},
    {"uint", "uint", "uint", "uint"},
    {"ulong", "uint64_t", "ulong", "uint64_t"},
    {"uchar", "bool", "uchar", "uint8_t"},
}};

// Polynomials for dialects whose own functions promise too little; the same as in devices/cpu/math.inc.
constexpr std::string_view kExp = R"(
float exp_f32(float a) {
  PRECISE float x = a > 89.0f ? 89.0f : (a < -104.0f ? -104.0f : a);
  if (isnan(a)) return a;
  PRECISE float n = floor(x * 1.44269504088896341f + 0.5f);
  PRECISE float r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  PRECISE float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f; p = p * r + 8.3334519073e-3f; p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f; p = p * r + 5.0000001201e-1f; p = p * r * r + r + 1.0f;
  int power = int(n); int part = power >> 1;
  return p * FLOAT_OF((part + 127) << 23) * FLOAT_OF((power - part + 127) << 23);
}
)";
constexpr std::string_view kLog = R"(
float log_f32(float a) {
  if (isnan(a) || a < 0.0f) return FLOAT_OF(0x7FC00000);
  if (a == 0.0f) return FLOAT_OF(0xFF800000);
  if (isinf(a)) return a;
  bool tiny = a < 1.17549435e-38f;
  PRECISE float x = tiny ? a * 8388608.0f : a;
  int bits = BITS_OF(x) - 0x3F3504F3;
  PRECISE float e = float(bits >> 23) - (tiny ? 23.0f : 0.0f);
  PRECISE float m = FLOAT_OF((bits & 0x007FFFFF) + 0x3F3504F3) - 1.0f;
  PRECISE float z = m * m;
  PRECISE float p = 7.0376836292e-2f;
  p = p * m - 1.1514610310e-1f; p = p * m + 1.1676998740e-1f; p = p * m - 1.2420140846e-1f;
  p = p * m + 1.4249322787e-1f; p = p * m - 1.6668057665e-1f; p = p * m + 2.0000714765e-1f;
  p = p * m - 2.4999993993e-1f; p = p * m + 3.3333331174e-1f;
  p = p * m * z + e * -2.12194440e-4f - 0.5f * z;
  return m + p + e * 0.693359375f;
}
)";
constexpr std::string_view kTanh = R"(
float tanh_f32(float a) {
  PRECISE float z = a * a;
  PRECISE float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f; p = p * z - 5.37397155531e-2f; p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  PRECISE float wide = 1.0f - 2.0f / (exp_f32(2.0f * abs(a)) + 1.0f);
  return abs(a) < 0.625f ? p * z * a + a : (a < 0.0f ? -wide : wide);
}
)";
constexpr std::string_view kWave = R"(
float wave_f32(float a, int turn) {
  if (isinf(a) || isnan(a)) return FLOAT_OF(0x7FC00000);
  PRECISE double wide = double(a);
  PRECISE double n = floor(wide * 0.63661977236758134LF + 0.5LF);
  PRECISE double r = (wide - n * 1.57079632673412561417LF) - n * 6.07710050650619224932e-11LF;
  PRECISE double z = r * r;
  double s = r + r * z * (-1.66666666666666307e-1LF + z * (8.33333333332211859e-3LF + z * (-1.98412698295895386e-4LF
      + z * (2.75573136213857245e-6LF + z * -2.50507477628578073e-8LF))));
  double c = 1.0LF - 0.5LF * z + z * z * (4.16666666666665929e-2LF + z * (-1.38888888888730564e-3LF
      + z * (2.48015872888517045e-5LF + z * (-2.75573141792967388e-7LF + z * 2.08757008419747317e-9LF))));
  int quarter = int(n - 4.0LF * floor(n * 0.25LF)) + turn;
  double value = (quarter & 1) != 0 ? c : s;
  return float((quarter & 2) != 0 ? -value : value);
}
)";
constexpr std::string_view kPow = R"(
float pow_f32(float a, float b) {
  if (b == 0.0f || a == 1.0f) return 1.0f;
  if (isnan(a) || isnan(b)) return FLOAT_OF(0x7FC00000);
  float size = abs(a);
  bool whole = isinf(b) || floor(b) == b;
  bool odd = whole && abs(b) < 16777216.0f && floor(b * 0.5f) * 2.0f != b;
  bool negative = BITS_OF(a) < 0;
  if (isinf(b)) return size == 1.0f ? 1.0f : ((size > 1.0f) == (b > 0.0f) ? FLOAT_OF(0x7F800000) : 0.0f);
  float sign = negative && odd ? -1.0f : 1.0f;
  if (size == 0.0f || isinf(size)) return (size == 0.0f) == (b > 0.0f) ? sign * 0.0f : sign * FLOAT_OF(0x7F800000);
  if (negative && !whole) return FLOAT_OF(0x7FC00000);
  bool tiny = size < 1.17549435e-38f;
  int bits = BITS_OF(tiny ? size * 8388608.0f : size) - 0x3F3504F3;
  double m = double(FLOAT_OF((bits & 0x007FFFFF) + 0x3F3504F3));
  double s = (m - 1.0LF) / (m + 1.0LF), z = s * s;
  double l = 2.0LF * s * (1.0LF + z * (1.0LF / 3.0LF + z * (0.2LF + z * (1.0LF / 7.0LF + z * (1.0LF / 9.0LF
      + z * (1.0LF / 11.0LF + z * (1.0LF / 13.0LF + z / 15.0LF)))))));
  double t = double(b) * (l + double((bits >> 23) - (tiny ? 23 : 0)) * 0.69314718055994530942LF);
  if (t > 89.0LF) return sign * FLOAT_OF(0x7F800000);
  if (t < -104.0LF) return sign * 0.0f;
  double n = floor(t * 1.44269504088896340736LF + 0.5LF), r = t - n * 0.69314718055994530942LF, p = 1.0LF;
  for (int i = 12; i > 0; --i) p = 1.0LF + p * r / double(i);
  int power = int(n); int part = power >> 1;
  return sign * float(p) * FLOAT_OF((part + 127) << 23) * FLOAT_OF((power - part + 127) << 23);
}
)";

std::string replaced(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (size_t at = 0;;) {
    const size_t next = text.find(from, at);
    out += text.substr(at, next - at);
    if (next == std::string_view::npos) return out;
    out += to;
    at = next + from.size();
  }
}

std::string filled(std::string_view text, DType dtype, Dialect dialect) {
  return replaced(replaced(text, "$T", register_name(dtype, dialect)), "$t", spec::dtype_name(dtype));
}

std::optional<std::string> glsl_float(Op op, DType dtype) {
  if (dtype != DType::F32) return std::nullopt;  // the language has no such functions of double
  switch (op) {
    case Op::Exp: return std::string(kExp);
    case Op::Log: return std::string(kLog);
    case Op::Tanh: return std::string(kExp) + std::string(kTanh);
    case Op::Sigmoid: return std::string(kExp) + "float sigmoid_f32(float a) { return 1.0f / (1.0f + exp_f32(-a)); }\n";
    case Op::Sin: return std::string(kWave) + "float sin_f32(float a) { return wave_f32(a, 0); }\n";
    case Op::Cos: return std::string(kWave) + "float cos_f32(float a) { return wave_f32(a, 1); }\n";
    default: return std::string(kPow);
  }
}

std::string opencl_float(Op op) {
  switch (op) {
    case Op::Exp: return "$T exp_$t($T a) { return exp(a); }\n";
    case Op::Log: return "$T log_$t($T a) { return log(a); }\n";
    case Op::Tanh: return "$T tanh_$t($T a) { return tanh(a); }\n";
    case Op::Sigmoid: return "$T sigmoid_$t($T a) { return 1 / (1 + exp(-a)); }\n";
    case Op::Sin: return "$T sin_$t($T a) { return sin(a); }\n";
    case Op::Cos: return "$T cos_$t($T a) { return cos(a); }\n";
    default: return "$T pow_$t($T a, $T b) { return pow(a, b); }\n";
  }
}

std::string_view simple(Op op, DType dtype, Dialect dialect) {
  const bool real = spec::is_float(dtype);
  switch (op) {
    case Op::Div:
      if (real) return "$T div_$t($T a, $T b) { return a / b; }\n";
      if (spec::is_unsigned_integer(dtype))
        return "$T div_$t($T a, $T b) { return b == $T_(0) ? $T_(0) : $T_(a / b); }\n";
      return "$T div_$t($T a, $T b) { return b == $T_(0) ? $T_(0) : (b == $T_(-1) ? $T_(-a) : $T_(a / b)); }\n";
    case Op::Maximum:
      return real ? "$T max_$t($T a, $T b) { return (a > b || isnan(a)) ? a : b; }\n"
                  : "$T max_$t($T a, $T b) { return a > b ? a : b; }\n";
    case Op::Minimum:
      return real ? "$T min_$t($T a, $T b) { return (a < b || isnan(a)) ? a : b; }\n"
                  : "$T min_$t($T a, $T b) { return a < b ? a : b; }\n";
    case Op::Relu: return "$T relu_$t($T a) { return a < $T_(0) ? $T_(0) : a; }\n";
    case Op::Abs:
      if (!real) return "$T abs_$t($T a) { return a < $T_(0) ? $T_(-a) : a; }\n";
      return dialect == Dialect::Glsl ? "$T abs_$t($T a) { return abs(a); }\n"
                                      : "$T abs_$t($T a) { return fabs(a); }\n";
    default: return "";
  }
}

}  // namespace

std::string_view register_name(DType dtype, Dialect dialect) {
  const TypeNames& names = kTypes[static_cast<size_t>(dtype)];
  return dialect == Dialect::Glsl ? names.glsl : names.opencl;
}

std::string_view element_name(DType dtype, Dialect dialect) {
  const TypeNames& names = kTypes[static_cast<size_t>(dtype)];
  return dialect == Dialect::Glsl ? names.glsl_element : names.opencl_element;
}

std::string prelude(Dialect dialect, const std::set<DType>& types) {
  const bool glsl = dialect == Dialect::Glsl;
  std::string out = glsl ? "#define FLOAT_OF(x) intBitsToFloat(int(x))\n#define BITS_OF(x) floatBitsToInt(x)\n"
                           "#define PRECISE precise\n"
                         : "#pragma OPENCL FP_CONTRACT OFF\n#define FLOAT_OF(x) as_float((int)(x))\n"
                           "#define BITS_OF(x) as_int(x)\n#define PRECISE\n";
  for (size_t i = 0; i < spec::kDTypeCount; ++i) {
    const auto name = register_name(static_cast<DType>(i), dialect);
    if (out.find(fmt::format(" {}_(", name)) == std::string::npos)
      out += fmt::format(fmt::runtime(glsl ? "#define {0}_(x) {0}(x)\n" : "#define {0}_(x) (({0})(x))\n"), name);
  }
  if (types.contains(DType::BF16))
    out +=
        "uint bf16_bits(float x) {\n  uint b = uint_(BITS_OF(x));\n"
        "  return (b & 0x7FFFFFFFu) > 0x7F800000u ? (b >> 16 | 0x40u) : (b + 0x7FFFu + (b >> 16 & 1u)) >> 16;\n}\n";
  if (types.contains(DType::F16))
    out +=
        "uint f16_bits(float x) {\n  uint b = uint_(BITS_OF(x)), sign = b >> 16 & 0x8000u, rest = b & 0x7FFFFFFFu;\n"
        "  if (rest > 0x7F800000u) return sign | 0x7E00u;\n  if (rest >= 0x477FF000u) return sign | 0x7C00u;\n"
        "  if (rest < 0x38800000u) return sign | (uint_(BITS_OF(FLOAT_OF(rest) + 0.5f)) - 0x3F000000u);\n"
        "  return sign | (rest + 0x0FFFu + (rest >> 13 & 1u) - 0x38000000u) >> 13;\n}\n"
        "float f16_value(uint h) {\n  uint sign = (h & 0x8000u) << 16, rest = h & 0x7FFFu;\n"
        "  if (rest >= 0x7C00u) return FLOAT_OF(sign | 0x7F800000u | (rest & 0x3FFu) << 13);\n"
        "  if (rest < 0x0400u) return (sign != 0u ? -5.9604644775390625e-8f : 5.9604644775390625e-8f) * float_(rest);\n"
        "  return FLOAT_OF(sign | ((rest << 13) + 0x38000000u));\n}\n";
  return out;
}

std::optional<std::string> function_text(Op op, DType dtype, Dialect dialect) {
  switch (op) {
    case Op::Exp:
    case Op::Log:
    case Op::Tanh:
    case Op::Sigmoid:
    case Op::Sin:
    case Op::Cos:
    case Op::Pow:
      if (dialect == Dialect::Glsl) return glsl_float(op, dtype);
      return filled(opencl_float(op), dtype, dialect);
    default: return filled(simple(op, dtype, dialect), dtype, dialect);
  }
}

std::string cast_text(DType from, DType to, std::string_view value, Dialect dialect) {
  const auto name = register_name(to, dialect);
  if (to == DType::Bool)
    return from == DType::Bool ? std::string(value)
                               : fmt::format("({} != {}_(0))", value, register_name(from, dialect));
  if (!spec::is_float(from) || spec::is_float(to)) return fmt::format("{}_({})", name, value);
  const int bits = static_cast<int>(spec::dtype_bytes(to)) * 8 - (spec::is_signed_integer(to) ? 1 : 0);
  const uint64_t max = ~uint64_t{0} >> (64 - bits);
  const auto real = register_name(from, dialect);
  const std::string_view suffix = bits > 32 ? "UL" : "u";
  const std::string most = fmt::format("{}_({}{})", name, max, suffix);
  const std::string least =
      spec::is_signed_integer(to) ? fmt::format("{0}_(-{1} - {0}_(1))", name, most) : fmt::format("{}_(0)", name);
  const std::string above = fmt::format("{}_({}.0f) * {}_(2)", real, uint64_t{1} << (bits - 1), real);
  const std::string below = spec::is_signed_integer(to) ? fmt::format("-({})", above) : fmt::format("{}_(0)", real);
  return fmt::format("(isnan({0}) ? {1}_(0) : ({0} >= {2} ? {3} : ({0} <= {4} ? {5} : {1}_({0}))))", value, name, above,
                     most, below, least);
}

std::string random_text(Dialect dialect) {
  const std::string high = dialect == Dialect::Glsl
                               ? "uint high(uint a, uint b) { uint h, l; umulExtended(a, b, h, l); return h; }\n"
                               : "uint high(uint a, uint b) { return mul_hi(a, b); }\n";
  const std::string_view wide = register_name(DType::U64, dialect);
  std::string out = high + R"(
#define PHILOX \
  uint c0 = uint_(counter), c1 = uint_(counter >> 32), c2 = 0u, c3 = 0u; \
  for (int i = 0; i < 10; ++i) { \
    uint n0 = high(0xCD9E8D57u, c2) ^ c1 ^ k0, n2 = high(0xD2511F53u, c0) ^ c3 ^ k1; \
    c1 = 0xCD9E8D57u * c2; c3 = 0xD2511F53u * c0; c0 = n0; c2 = n2; \
    k0 += 0x9E3779B9u; k1 += 0xBB67AE85u; \
  }
uint philox(uint k0, uint k1, W position) {
  W counter = position >> 2; PHILOX
  uint word = uint_(position) & 3u;
  return word == 0u ? c0 : (word == 1u ? c1 : (word == 2u ? c2 : c3));
}
W philox_wide(uint k0, uint k1, W position) {
  W counter = position >> 1; PHILOX
  bool upper = (uint_(position) & 1u) != 0u;
  return W_(upper ? c3 : c1) << 32 | W_(upper ? c2 : c0);
}
)";
  out = replaced(out, "W_", fmt::format("{}_", wide));
  return replaced(replaced(out, "W ", fmt::format("{} ", wide)), "philox_wide", "philox_wide");
}

}  // namespace stark::devices::kernel
