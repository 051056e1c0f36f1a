// vm/tensor/print.cpp — tensors as text, the way NumPy prints arrays.
// Room: vm/tensor. In: elements in host memory. Out: text; more than 1000 elements are summarised.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <vector>

#include "vm/tensor/tensor_runtime.h"

namespace stark::vm {
namespace {

constexpr int64_t kThreshold = 1000;
constexpr int64_t kEdge = 3;  // items kept at each end of a long dim
constexpr size_t kLine = 75;

double half_value(uint16_t bits) {
  const int exponent = bits >> 10 & 31;
  const double fraction = bits & 1023;
  const double magnitude = exponent == 0    ? std::ldexp(fraction, -24)
                           : exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                                            : std::ldexp(fraction + 1024, exponent - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

double float_at(spec::DType dtype, const std::byte* at) {
  switch (dtype) {
    case spec::DType::F32: return load<float>(at);
    case spec::DType::F64: return load<double>(at);
    case spec::DType::F16: return half_value(load<uint16_t>(at));
    default: return std::bit_cast<float>(static_cast<uint32_t>(load<uint16_t>(at)) << 16);
  }
}

std::string integer_at(spec::DType dtype, const std::byte* at) {
  switch (dtype) {
    case spec::DType::I8: return fmt::format("{}", load<int8_t>(at));
    case spec::DType::I16: return fmt::format("{}", load<int16_t>(at));
    case spec::DType::I32: return fmt::format("{}", load<int32_t>(at));
    case spec::DType::I64: return fmt::format("{}", load<int64_t>(at));
    case spec::DType::U8: return fmt::format("{}", load<uint8_t>(at));
    case spec::DType::U16: return fmt::format("{}", load<uint16_t>(at));
    case spec::DType::U32: return fmt::format("{}", load<uint32_t>(at));
    case spec::DType::U64: return fmt::format("{}", load<uint64_t>(at));
    default: return load<uint8_t>(at) != 0 ? "True" : "False";
  }
}

// Digits that read back as the element, at most eight behind the point, without trailing zeros.
std::string digits_of(double value, bool is_f64, std::chars_format format, int precision) {
  char buffer[400];
  const auto write = [&](auto v) { return std::to_chars(buffer, buffer + sizeof buffer, v, format).ptr; };
  std::string text(buffer, is_f64 ? write(value) : write(static_cast<float>(value)));
  const size_t end = std::min(text.find('e'), text.size());
  const size_t point = std::min(text.find('.'), end);
  if (end - point > static_cast<size_t>(precision) + 1) {
    text = std::string(buffer, std::to_chars(buffer, buffer + sizeof buffer, value, format, precision).ptr);
  }
  return text;
}

// What stands on each side of the point in a column of numbers.
struct FloatColumn {
  bool exponential = false;
  int precision = 8;
  bool fixed_digits = false;  // the caller asked for a number of digits
  size_t left = 0, right = 0;
};

struct Split {
  std::string left, right, exponent;
};

Split split(double value, bool is_f64, const FloatColumn& column) {
  const auto format = column.exponential ? std::chars_format::scientific : std::chars_format::fixed;
  std::string text = column.fixed_digits ? fmt::format("{:.{}f}", value, column.precision) : digits_of(value, is_f64, format, column.precision);
  Split s;
  const size_t e = text.find('e');
  if (e != std::string::npos) s.exponent = text.substr(e);
  text = text.substr(0, e);
  const size_t point = text.find('.');
  s.left = text.substr(0, point);
  if (point != std::string::npos) s.right = text.substr(point + 1);
  while (!column.fixed_digits && !s.right.empty() && s.right.back() == '0') s.right.pop_back();
  return s;
}

class Array {
 public:
  Array(const spec::TensorType& type, const std::byte* elements, int precision) : type_(type), elements_(elements) {
    bytes_ = spec::dtype_bytes(type.dtype);
    summarise_ = *type.shape.element_count() > kThreshold;
    strides_ = devices::dense_strides(type.shape);
    if (precision >= 0) column_.fixed_digits = true, column_.precision = precision;
    std::vector<int64_t> shown;
    collect(0, 0, shown);
    prepare(shown);
  }

  std::string text() {
    if (type_.shape.rank() == 0) return trimmed(cell(0));
    return part(0, 0);
  }

 private:
  static std::string trimmed(const std::string& s) {
    const size_t first = s.find_first_not_of(' '), last = s.find_last_not_of(' ');
    return s.substr(first, last - first + 1);
  }
  bool skips(size_t dim) const { return summarise_ && type_.shape[dim] > 2 * kEdge; }

  template <class Visit>
  void items(size_t dim, Visit visit) const {
    const int64_t n = type_.shape[dim];
    for (int64_t i = 0; i < n; ++i) {
      if (skips(dim) && i == kEdge) {
        visit(int64_t{-1});
        i = n - kEdge;
      }
      visit(i);
    }
  }
  void collect(size_t dim, int64_t at, std::vector<int64_t>& shown) const {
    if (dim == type_.shape.rank()) return shown.push_back(at);
    items(dim, [&](int64_t i) {
      if (i >= 0) collect(dim + 1, at + i * strides_[dim], shown);
    });
  }

  void prepare(const std::vector<int64_t>& shown) {
    if (!spec::is_float(type_.dtype)) {
      for (int64_t at : shown) width_ = std::max(width_, integer_at(type_.dtype, where(at)).size());
      return;
    }
    double most = 0, least = INFINITY;
    for (int64_t at : shown) {
      const double v = std::fabs(value(at));
      if (!std::isfinite(v) || v == 0) continue;
      most = std::max(most, v);
      least = std::min(least, v);
    }
    if (!column_.fixed_digits && most > 0) column_.exponential = most >= 1e8 || least < 1e-4 || most / least > 1000;
    size_t other = 0;
    for (int64_t at : shown) {
      const double v = value(at);
      if (!std::isfinite(v)) {
        other = std::max(other, std::isnan(v) || v > 0 ? size_t{3} : size_t{4});
        continue;
      }
      const Split s = split(v, is_f64(), column_);
      column_.left = std::max(column_.left, s.left.size());
      column_.right = std::max(column_.right, s.right.size());
      exponent_ = std::max(exponent_, s.exponent.size());
    }
    width_ = column_.left + 1 + column_.right + exponent_;
    if (width_ < other) column_.left += other - width_, width_ = other;
  }

  std::string cell(int64_t at) const {
    if (!spec::is_float(type_.dtype)) return fmt::format("{:>{}}", integer_at(type_.dtype, where(at)), width_);
    const double v = value(at);
    if (!std::isfinite(v)) return fmt::format("{:>{}}", std::isnan(v) ? "nan" : v > 0 ? "inf" : "-inf", width_);
    const Split s = split(v, is_f64(), column_);
    const char filler = column_.exponential ? '0' : ' ';
    std::string right = s.right;
    if (column_.precision == 0 && column_.fixed_digits) return fmt::format("{:>{}}", s.left, width_);
    right.append(column_.right - s.right.size(), filler);
    return fmt::format("{:>{}}.{}{}", s.left, column_.left, right, s.exponent);
  }

  std::string part(size_t dim, int64_t at) const {
    const bool is_row = dim + 1 == type_.shape.rank();
    std::string out = "[";
    size_t line = dim + 1;
    bool first = true;
    items(dim, [&](int64_t i) {
      if (!is_row) {
        if (!first) out.append(type_.shape.rank() - dim - 1, '\n').append(dim + 1, ' ');
        out += i < 0 ? "..." : part(dim + 1, at + i * strides_[dim]);
      } else {
        const std::string word = i < 0 ? "..." : cell(at + i * strides_[dim]);
        if (!first && line + 1 + word.size() > kLine - type_.shape.rank()) {
          out.append("\n").append(dim + 1, ' ');
          line = dim + 1;
        } else if (!first) {
          out += ' ';
          ++line;
        }
        out += word;
        line += word.size();
      }
      first = false;
    });
    return out + "]";
  }

  bool is_f64() const { return type_.dtype == spec::DType::F64; }
  const std::byte* where(int64_t element) const { return elements_ + element * bytes_; }
  double value(int64_t element) const { return float_at(type_.dtype, where(element)); }

  const spec::TensorType& type_;
  const std::byte* elements_;
  int64_t bytes_ = 0;
  bool summarise_ = false;
  devices::Strides strides_{};
  FloatColumn column_;
  size_t exponent_ = 0, width_ = 0;
};

}  // namespace

std::string array_text(const spec::TensorType& type, const std::byte* elements, int precision) {
  return Array(type, elements, precision).text();
}

}  // namespace stark::vm
