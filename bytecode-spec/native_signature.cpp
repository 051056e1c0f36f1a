// bytecode-spec/native_signature.cpp — a small recursive descent over the signature texts.
// Room: bytecode-spec. In: the signature texts of natives.def. Out: NativeSignature.
#include "bytecode-spec/native_signature.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <memory>

#include "bytecode-spec/base/check.h"

namespace stark::spec {
namespace {

constexpr std::string_view kKindTexts[] = {
#define TYPE_KIND(name, text, size, align, flags) text,
#include "bytecode-spec/types.def"
};
constexpr std::string_view kOpaqueTexts[] = {
#define OPAQUE(name, text) text,
#include "bytecode-spec/opaques.def"
};

struct CellName {
  std::string_view text;
  TypeKind kind;
  GuardKind guard{};
};
constexpr CellName kCells[] = {{"Box", TypeKind::Box}, {"Cell", TypeKind::Cell}, {"RefCell", TypeKind::RefCell}, {"Gc", TypeKind::Gc}, {"Weak", TypeKind::Weak},
                               {"Arc", TypeKind::Arc}, {"Mutex", TypeKind::Mutex}, {"RwLock", TypeKind::RwLock}, {"OnceSlot", TypeKind::OnceSlot},
                               {"Atomic", TypeKind::Atomic}, {"Ref", TypeKind::Guard, GuardKind::Ref}, {"RefMut", TypeKind::Guard, GuardKind::RefMut},
                               {"MutexGuard", TypeKind::Guard, GuardKind::Mutex}, {"RwLockReadGuard", TypeKind::Guard, GuardKind::Read},
                               {"RwLockWriteGuard", TypeKind::Guard, GuardKind::Write}, {"TensorView", TypeKind::Guard, GuardKind::View}};

// Threads, fibers, and the bodies that they run.
struct BodyName {
  std::string_view text;
  PatternKind kind;
  Lender lender{};
  bool stays = false;
};
constexpr BodyName kBodies[] = {{"Scope", PatternKind::Scope}, {"Fiber", PatternKind::Fiber}, {"Task", PatternKind::Task}, {"ScopedTask", PatternKind::Task, Lender::Scope},
                                {"LocalTask", PatternKind::Task, Lender::Nobody, true}, {"FiberBody", PatternKind::Task, Lender::Fiber, true}};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  NativeSignature signature() {
    if (take("<")) {
      do {
        signature_.variables.push_back(word());
        if (!take(":")) continue;
        expect("Copy");
        signature_.copied.push_back(signature_.variables.back());
      } while (take(","));
      expect(">");
    }
    expect("(");
    while (!take(")")) {
      signature_.parameters.push_back(parameter());
      take(",");
    }
    if (take("->")) signature_.result = type();
    skip();
    CHECK(at_ == text_.size());
    return std::move(signature_);
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(std::string_view token) {
    skip();
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }
  void expect(std::string_view token) { CHECK(take(token)); }

  std::string word() {
    skip();
    const size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_')) ++at_;
    CHECK(at_ > begin);
    return std::string(text_.substr(begin, at_ - begin));
  }

  NativeParameter parameter() {
    NativeParameter result;
    result.name = word();
    expect(":");
    result.type = type();
    if (take("=")) {
      skip();
      const size_t end = std::min(text_.find_first_of(",)", at_), text_.size());
      result.default_literal = std::string(text_.substr(at_, end - at_));
      at_ = end;
    }
    return result;
  }

  Pattern with(PatternKind kind, Pattern part) {
    Pattern pattern;
    pattern.kind = kind;
    pattern.parts.push_back(std::move(part));
    return pattern;
  }

  Pattern tensor() {
    expect("<");
    Pattern pattern = with(PatternKind::Tensor, type());
    expect(",");
    if (take("[")) {
      while (!take("]")) {
        const bool any = take("?") || take("_");
        pattern.dims.push_back(any ? kUnknownDim : std::stoll(word()));
        take(",");
      }
    } else {
      pattern.dims_variable = word();
    }
    expect(">");
    return pattern;
  }

  Pattern tuple() {
    Pattern pattern;
    while (!take(")")) {
      pattern.parts.push_back(type());
      take(",");
    }
    if (!pattern.parts.empty()) pattern.kind = PatternKind::Tuple;
    return pattern;
  }

  Pattern type() {
    if (take("&")) {
      const bool is_mut = take("mut ");
      Pattern pattern = with(PatternKind::Ref, type());
      pattern.is_mut = is_mut;
      return pattern;
    }
    if (take("*")) {
      const bool is_mut = take("mut ");
      if (!is_mut) expect("const ");
      Pattern pattern = with(PatternKind::Cell, type());
      pattern.scalar = TypeKind::Ptr;
      pattern.is_mut = is_mut;
      return pattern;
    }
    if (take("dyn")) {
      Pattern pattern;
      pattern.kind = PatternKind::Dyn;
      pattern.is_mut = take("'static");
      return pattern;
    }
    if (take("(")) return tuple();
    if (take("[")) {
      Pattern pattern = with(PatternKind::Slice, type());
      expect("]");
      return pattern;
    }
    return named(word());
  }

  Pattern named(const std::string& name) {
    Pattern pattern;
    if (name == "Tensor") return tensor();
    for (const BodyName& body : kBodies) {
      if (name != body.text) continue;
      pattern.kind = body.kind;
      pattern.lender = body.lender;
      pattern.stays = body.stays;
      return pattern;
    }
    if (name == "Vec" || name == "Option") {
      expect("<");
      pattern = with(name == "Vec" ? PatternKind::Vec : PatternKind::Option, type());
      expect(">");
      return pattern;
    }
    for (const CellName& cell : kCells) {
      if (name != cell.text || !take("<")) continue;
      pattern = with(PatternKind::Cell, type());
      pattern.scalar = cell.kind;
      pattern.guard = cell.guard;
      expect(">");
      return pattern;
    }
    if (std::ranges::find(signature_.variables, name) != signature_.variables.end()) {
      pattern.kind = PatternKind::Variable;
      pattern.name = name;
      return pattern;
    }
    const auto opaque = std::ranges::find(kOpaqueTexts, name);
    if (opaque != std::end(kOpaqueTexts)) {
      pattern.kind = PatternKind::Opaque;
      pattern.opaque = static_cast<Opaque>(opaque - std::begin(kOpaqueTexts));
      return pattern;
    }
    const auto kind = std::ranges::find(kKindTexts, name);
    CHECK(kind != std::end(kKindTexts));
    pattern.scalar = static_cast<TypeKind>(kind - std::begin(kKindTexts));
    return pattern;
  }

  std::string_view text_;
  size_t at_ = 0;
  NativeSignature signature_;
};

enum class Grant { None = -1 };
constexpr std::optional<Capability> grant(Grant) { return std::nullopt; }
constexpr std::optional<Capability> grant(Capability capability) { return capability; }

struct Source {
  std::string_view text, signature;
  std::optional<Capability> capability;
};
constexpr auto kSources = [] {
  using enum Capability;
  constexpr Grant None = Grant::None;
  return std::to_array<Source>({
#define NATIVE(name, text, signature, blocking, capability) {text, signature, grant(capability)},
#include "bytecode-spec/natives.def"
  });
}();

NativeFacts make(Native native) {
  const auto& [text, source, capability] = kSources[static_cast<size_t>(native)];
  const size_t colons = text.rfind("::");
  const bool free = colons == std::string_view::npos;
  return {native, text, free ? "" : text.substr(0, colons), free ? text : text.substr(colons + 2), source, capability,
          parse_native_signature(source)};
}

std::vector<NativeFacts> parse_all() {
  std::vector<NativeFacts> all;
  for (size_t n = 0; n < kSources.size(); ++n) all.push_back(make(static_cast<Native>(n)));
  return all;
}

}  // namespace

NativeSignature parse_native_signature(std::string_view text) { return Parser(text).signature(); }

std::span<const NativeFacts> natives() {
  static const std::vector<NativeFacts> all = parse_all();
  return all;
}

// A small program names a few of the rows, and is to start at once. Of two threads that parse the same row, one is heard.
const NativeFacts& facts(Native native) {
  static std::array<std::atomic<const NativeFacts*>, kSources.size()> parsed;
  auto& slot = parsed[static_cast<size_t>(native)];
  const NativeFacts* known = slot.load(std::memory_order_acquire);
  if (known != nullptr) return *known;
  auto made = std::make_unique<const NativeFacts>(make(native));
  if (slot.compare_exchange_strong(known, made.get(), std::memory_order_acq_rel)) return *made.release();
  return *known;
}

const NativeFacts* find_native(std::string_view text) {
  const auto found = std::ranges::find(natives(), text, &NativeFacts::text);
  return found == natives().end() ? nullptr : &*found;
}

}  // namespace stark::spec
