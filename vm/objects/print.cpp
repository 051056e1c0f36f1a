// vm/objects/print.cpp — values as text, by their types.
// Room: vm/objects. In: see print.h. Containers and structs print like Rust's Debug.
#include "vm/objects/print.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>

namespace stark::vm {
namespace {

// The last word of a path, without type arguments: what Debug calls a type.
std::string_view short_name(std::string_view name) {
  name = name.substr(0, name.find('<'));
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

class Walk {
 public:
  Walk(const Printer& printer, std::string& out) : p_(printer), t_(printer.types), out_(out) {}

  // Boxes may be nested without an end in sight, and shared objects be met again and again: what is too deep for the C stack or
  // too long to be read is left out.
  void value(uint32_t type, const std::byte* at, const FormatSpec& spec) {
    constexpr uint32_t kDeepest = 500;
    constexpr size_t kLongest = size_t{1} << 26;
    if (depth_ == kDeepest || out_.size() > kLongest) {
      out_ += "…";
      return;
    }
    ++depth_;
    scalar(t_.kind(type), type, at, spec);
    --depth_;
  }

  void scalar(TypeKind kind, uint32_t type, const std::byte* at, const FormatSpec& spec) {
    if (spec::has(kind, spec::kInt)) return integer(kind, at, spec);
    switch (kind) {
      case TypeKind::Unit: return pad(out_, "()", spec, false);
      case TypeKind::Bool: return pad(out_, load<uint8_t>(at) != 0 ? "true" : "false", spec, false);
      case TypeKind::Char: return letter(load<uint32_t>(at), spec);
      case TypeKind::F32: return print_float(out_, load<float>(at), true, spec);
      case TypeKind::F64: return print_float(out_, load<double>(at), false, spec);
      case TypeKind::Str: return text(text_of(load<gc::Object*>(at)), spec);
      case TypeKind::String: {
        const auto v = load<VecValue>(at);
        return text({reinterpret_cast<const char*>(v.data()), v.length}, spec);
      }
      case TypeKind::Device: {
        std::string name;
        print_device(name, load<DeviceValue>(at));
        return pad(out_, name, spec, false);
      }
      case TypeKind::Ref: return reference(type, at, spec);
      case TypeKind::Cell: return named("Cell", t_.row(type).a, at, spec);
      case TypeKind::RefCell: {
        if (load<int64_t>(at) >= 0) return named("RefCell", t_.row(type).a, at + kCounted, spec);
        out_ += "RefCell { value: <borrowed> }";
        return;
      }
      case TypeKind::Guard: return value(t_.row(type).a, spec::is_view(t_.row(type)) ? at : load<const std::byte*>(at) + kCounted, spec);
      case TypeKind::Gc: return shared(t_.row(type).a, load<const gc::Object*>(at), spec);
      case TypeKind::Arc: return arc(type, load_box(at, t_.size(type)), spec);
      case TypeKind::Mutex: out_ += "Mutex { .. }"; return;  // somebody else may be changing it
      case TypeKind::RwLock: out_ += "RwLock { .. }"; return;
      case TypeKind::OnceSlot: return once(t_.row(type).a, at, spec);
      case TypeKind::Atomic: return atomic(t_.row(type).a, at, spec);
      case TypeKind::Scope: out_ += "Scope"; return;
      case TypeKind::Fiber: out_ += "Fiber"; return;
      case TypeKind::Ptr: return pad(out_, fmt::format("{:#x}", load<uint64_t>(at)), spec, false);
      case TypeKind::Weak: out_ += "(Weak)"; return;
      case TypeKind::Box: return box(type, load_box(at, t_.size(type)), spec);
      case TypeKind::Tensor: return p_.tensor(p_.user, out_, load<const void*>(at), spec);
      case TypeKind::Opaque: out_ += spec::opaques()[t_.row(type).a]; return;
      case TypeKind::Fn: out_ += "fn"; return;
      default: return aggregate(kind, type, at, inner_of(spec));
    }
  }

 private:
  // Parts of a container print as Debug does, so text is quoted.
  static FormatSpec inner_of(FormatSpec spec) {
    if (spec.type == 0) spec.type = '?';
    return spec;
  }

  void aggregate(TypeKind kind, uint32_t type, const std::byte* at, const FormatSpec& spec) {
    switch (kind) {
      case TypeKind::Vec: {
        const auto v = load<VecValue>(at);
        return elements(t_.row(type).a, v.data(), v.length, spec);
      }
      case TypeKind::Array: return elements(t_.row(type).a, at, t_.array_length(type), spec);
      case TypeKind::Tuple: return tuple(type, at, spec);
      case TypeKind::Struct:
        out_ += short_name(t_.module->text_of(t_.row(type).name));
        return fields(t_.fields(type), [&](uint32_t f) { return at + t_.facts(type).field_offsets[f]; }, spec);
      case TypeKind::Enum: {
        const uint32_t v = t_.tag(type, at);
        const spec::VariantRow& row = t_.variant(type, v);
        out_ += short_name(t_.module->text_of(row.name));
        return fields(row.fields, [&](uint32_t f) { return at + t_.variant_offset(type, v, f); }, spec);
      }
      default: CHECK(false && "a kind that values do not have");
    }
  }

  void integer(TypeKind kind, const std::byte* at, const FormatSpec& spec) {
    const uint32_t bytes = spec::row_of(kind).size;
    uint64_t raw = 0;
    std::memcpy(&raw, at, bytes);
    const uint32_t unused = 64 - bytes * 8;
    const bool negative = spec::has(kind, spec::kSigned) && static_cast<int64_t>(raw << unused) < 0;
    const uint64_t magnitude = negative ? 0 - static_cast<uint64_t>(static_cast<int64_t>(raw << unused) >> unused) : raw;
    print_integer(out_, negative, magnitude, bytes * 8, spec);
  }

  void letter(uint32_t c, const FormatSpec& spec) {
    std::string one;
    if (spec.type == '?') {
      one = c == '\n' ? "'\\n'" : c == '\t' ? "'\\t'" : c == '\'' ? "'\\''" : c == '\\' ? "'\\\\'" : "";
    }
    if (one.empty()) {
      if (spec.type == '?') one += '\'';
      append_letter(one, c);
      if (spec.type == '?') one += '\'';
    }
    pad(out_, one, spec, false);
  }

  void text(std::string_view s, const FormatSpec& spec) {
    if (spec.type == '?') {
      std::string quoted;
      print_quoted(quoted, s);
      return pad(out_, quoted, spec, false);
    }
    if (spec.precision) {
      size_t at = 0, letters = 0;
      for (; at < s.size(); ++at) {
        if ((static_cast<uint8_t>(s[at]) & 0xC0) != 0x80 && letters++ == *spec.precision) break;
      }
      s = s.substr(0, at);
    }
    pad(out_, s, spec, false);
  }

  void reference(uint32_t type, const std::byte* at, const FormatSpec& spec) {
    const uint32_t to = t_.row(type).a;
    if (!t_.is_fat(type)) return value(to, load<const std::byte*>(at), spec);
    const auto fat = load<FatRef>(at);
    if (t_.is(to, TypeKind::Str)) return text(fat.text(), spec);
    unsized(to, fat.address, fat.length, spec);
  }

  void box(uint32_t type, FatBox box, const FormatSpec& spec) {
    const uint32_t to = t_.row(type).a;
    if (!t_.is_fat(type)) return value(to, box.object->payload(), spec);
    unsized(to, box.object != nullptr ? box.object->payload() : nullptr, box.length, spec);
  }

  void named(std::string_view name, uint32_t type, const std::byte* at, const FormatSpec& spec) {
    out_.append(name).append(" { value: ");
    value(type, at, inner_of(spec));
    out_ += " }";
  }

  // Shared objects may hold each other in a ring: one that is being printed is not begun again.
  void shared(uint32_t type, const gc::Object* object, const FormatSpec& spec) {
    if (std::ranges::find(open_, object) != open_.end()) {
      out_ += "…";
      return;
    }
    open_.push_back(object);
    value(type, object->payload(), spec);
    open_.pop_back();
  }

  void arc(uint32_t type, FatBox arc, const FormatSpec& spec) {
    const uint32_t inside = t_.row(type).a;
    std::byte* at = arc.object->payload() + kCounted;
    if (t_.is_fat(type)) return unsized(inside, at, arc.length, spec);
    value(inside, at, spec);
  }
  void once(uint32_t type, const std::byte* at, const FormatSpec& spec) {
    const std::atomic_ref<uint32_t> state(*reinterpret_cast<uint32_t*>(const_cast<std::byte*>(at)));
    if (state.load(std::memory_order_acquire) != kOnceFull) {
      out_ += "<uninit>";
    } else {
      value(type, at + kCounted, spec);
    }
  }
  // In one piece, whoever else is writing it.
  void atomic(uint32_t type, const std::byte* at, const FormatSpec& spec) {
    uint64_t now = 0;
    const auto take = [&]<class T>(T) {
      const T word = std::atomic_ref<T>(*reinterpret_cast<T*>(const_cast<std::byte*>(at))).load(std::memory_order_relaxed);
      std::memcpy(&now, &word, sizeof word);
    };
    switch (t_.size(type)) {
      case 1: take(uint8_t{}); break;
      case 2: take(uint16_t{}); break;
      case 4: take(uint32_t{}); break;
      default: take(uint64_t{}); break;
    }
    value(type, reinterpret_cast<const std::byte*>(&now), spec);
  }

  // What the second word of a fat reference or box makes of the first: elements, or the value behind a vtable.
  void unsized(uint32_t type, const std::byte* at, uint64_t second, const FormatSpec& spec) {
    if (t_.is(type, TypeKind::Slice)) return elements(t_.row(type).a, at, second, inner_of(spec));
    value(reinterpret_cast<const VTable*>(second)->type, at, spec);
  }

  void elements(uint32_t type, const std::byte* first, uint64_t count, const FormatSpec& spec) {
    out_ += '[';
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ", ";
      value(type, first + i * t_.size(type), spec);
    }
    out_ += ']';
  }

  void tuple(uint32_t type, const std::byte* at, const FormatSpec& spec) {
    const spec::Range range = t_.fields(type);
    out_ += '(';
    for (uint32_t f = 0; f < range.count; ++f) {
      if (f > 0) out_ += ", ";
      value(t_.field_type(range, f), at + t_.facts(type).field_offsets[f], spec);
    }
    out_ += range.count == 1 ? ",)" : ")";
  }

  template <class Where>
  void fields(spec::Range range, Where where, const FormatSpec& spec) {
    if (range.count == 0) return;
    const std::string_view first = t_.module->text_of(t_.module->fields[range.first].name);
    const bool named = !first.empty() && !(first[0] >= '0' && first[0] <= '9');
    out_ += named ? " { " : "(";
    for (uint32_t f = 0; f < range.count; ++f) {
      if (f > 0) out_ += ", ";
      if (named) out_.append(t_.module->text_of(t_.module->fields[range.first + f].name)).append(": ");
      value(t_.field_type(range, f), where(f), spec);
    }
    out_ += named ? " }" : ")";
  }

  const Printer& p_;
  const TypeTables& t_;
  std::string& out_;
  uint32_t depth_ = 0;
  std::vector<const gc::Object*> open_;
};

}  // namespace

void Printer::print(std::string& out, uint32_t type, const std::byte* address, const FormatSpec& spec) const {
  Walk(*this, out).value(type, address, spec);
}

void Printer::print_scalar(std::string& out, TypeKind kind, const std::byte* address, const FormatSpec& spec) const {
  Walk(*this, out).scalar(kind, spec::kNone, address, spec);
}

void print_quoted(std::string& out, std::string_view text) {
  out += '"';
  for (char c : text) {
    switch (c) {
      case '\n': out += "\\n"; break;
      case '\t': out += "\\t"; break;
      case '\r': out += "\\r"; break;
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\0': out += "\\0"; break;
      default:
        if (static_cast<uint8_t>(c) < 0x20 || c == 0x7F) {
          fmt::format_to(std::back_inserter(out), "\\u{{{:x}}}", static_cast<uint8_t>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void print_device(std::string& out, DeviceValue device) {
  switch (device.kind) {
    case DeviceKind::Cpu: out += "CPU"; return;
    case DeviceKind::Cuda: out += "CUDA"; break;
    case DeviceKind::OpenCl: out += "OpenCL"; break;
    case DeviceKind::Vulkan: out += "Vulkan"; break;
    case DeviceKind::Null: out += "Null"; break;
  }
  fmt::format_to(std::back_inserter(out), "({})", device.ordinal);
}

}  // namespace stark::vm
