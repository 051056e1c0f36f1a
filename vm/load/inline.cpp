// vm/load/inline.cpp — small functions stand where they are called: which, and their operations there.
// Room: vm/load. Essay: vm/load/README.md, "Bodies in bodies". In: calls. Out: layouts for them; operations of the callee in the caller.
#include <algorithm>

#include "vm/load/translate.h"

namespace stark::vm {
namespace {

constexpr uint32_t kMostWords = 110;      // of one body
constexpr uint32_t kMostTogether = 3000;  // of all in one function
constexpr uint32_t kMostBytes = 256;      // of its registers
constexpr uint32_t kMostAgain = 48;       // of a function that stands in itself, once
constexpr size_t kDeepest = 8;

// `chain`: the bodies around the call, the outermost first.
bool may_stand(uint32_t callee, uint32_t words, const std::vector<uint32_t>& chain) {
  const bool is_again = std::ranges::find(chain, callee) != chain.end();
  return !is_again || (chain.size() == 1 && words <= kMostAgain);
}

}  // namespace

// Whether one step leads from a type to a shared object, or to a type that does.
bool Program::is_shared_in(uint32_t type) const {
  const auto any_of = [&](spec::Range fields) {
    for (uint32_t f = 0; f < fields.count; ++f) {
      if (shares_[types_.field_type(fields, f)]) return true;
    }
    return false;
  };
  const spec::TypeRow& row = types_.row(type);
  switch (types_.kind(type)) {
    case TypeKind::Gc:
    case TypeKind::Weak:
    case TypeKind::Dyn:
    case TypeKind::Fn: return true;
    case TypeKind::Struct:
    case TypeKind::Tuple: return any_of(types_.fields(type));
    case TypeKind::Enum:
      for (uint32_t v = 0; v < row.b; ++v) {
        if (any_of(types_.variant(type, v).fields)) return true;
      }
      return false;
    case TypeKind::Vec:
    case TypeKind::Array:
    case TypeKind::Slice:
    case TypeKind::Ref:
    case TypeKind::Ptr:
    case TypeKind::Box:
    case TypeKind::Cell:
    case TypeKind::RefCell:
    case TypeKind::Guard:
    case TypeKind::Arc:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot: return shares_[row.a];
    default: return false;
  }
}

// Types whose values may lead to shared objects; all of them where that is hard to say, none where there are no such objects.
void Program::find_shared() {
  shares_.assign(module().types.size(), false);
  const bool has_gc = std::ranges::any_of(module().types, [](const spec::TypeRow& row) {
    return row.kind == static_cast<uint32_t>(TypeKind::Gc) || row.kind == static_cast<uint32_t>(TypeKind::Weak);
  });
  bool is_new = has_gc;
  for (int pass = 0; pass < 8 && is_new; ++pass) {
    is_new = false;
    for (uint32_t t = 0; t < shares_.size(); ++t) {
      if (!shares_[t] && is_shared_in(t)) shares_[t] = is_new = true;
    }
  }
  if (is_new) shares_.assign(shares_.size(), true);
}

// Each function that the body calls, if it is small and not on the way to itself. A body in another leaves its words where roots
// are, so what handles a shared object stays by itself: the object would be found alive for longer.
void Program::choose_inlined(Function& root, uint32_t body, std::vector<uint32_t>& chain, uint32_t& words) const {
  if (chain.size() == kDeepest) return;
  chain.push_back(body);
  const spec::FunctionRow& row = module().functions[body];
  const auto code = std::span(module().code).subspan(row.code.first, row.code.count);
  for (size_t at = 0; at < code.size(); at += 1 + (code[at] >> 16)) {
    if (static_cast<spec::Opcode>(code[at] & 0xFFFF) != spec::Opcode::Call) continue;
    const uint32_t callee = code[at + 2];
    const spec::FunctionRow& inner = module().functions[callee];
    if (inner.code.count > kMostWords || root.inlined.contains(callee) || words + inner.code.count > kMostTogether) continue;
    if (!may_stand(callee, inner.code.count, chain)) continue;
    uint64_t bytes = 0;
    bool shares = false;
    for (uint32_t r = 0; r < inner.registers.count; ++r) {
      const uint32_t type = module().registers[inner.registers.first + r].type.type;
      bytes += types_.size(type);
      shares |= shares_[type];
    }
    if (bytes > kMostBytes || shares) continue;
    root.inlined[callee];
    words += inner.code.count;
    choose_inlined(root, callee, chain, words);
  }
  chain.pop_back();
}

// Where the registers of a callee are whose body is to stand here, or null.
const Layout* Translator::inlined(uint32_t callee) const {
  const auto found = e_.function.inlined.find(callee);
  if (found == e_.function.inlined.end() || e_.inlined_words + m().functions[callee].code.count > kMostTogether) return nullptr;
  std::vector<uint32_t> chain;
  for (uint32_t b = body_; b != spec::kNone; b = e_.function.bodies[b].caller) chain.push_back(e_.function.bodies[b].function);
  return chain.size() < kDeepest && may_stand(callee, m().functions[callee].code.count, chain) ? &found->second : nullptr;
}

// The arguments are in the callee's registers; its result goes to `result`, which is in the frame.
void Translator::call_inlined(uint32_t callee, const Layout& layout, uint32_t result) {
  e_.inlined_words += m().functions[callee].code.count;
  e_.function.bodies.push_back({callee, body_, word_, &layout});
  Translator inner(p_, e_, callee, layout, static_cast<uint32_t>(e_.function.bodies.size() - 1));
  inner.result_ = result;
  inner.translate();
  for (size_t s = 0; s < e_.scratch.size(); ++s) e_.scratch[s].is_used = s < inner.held_.size() && inner.held_[s].is_used;
}

}  // namespace stark::vm
