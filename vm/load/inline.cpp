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

// Each function that the body calls, if it is small and not on the way to itself.
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
    for (uint32_t r = 0; r < inner.registers.count; ++r) bytes += types_.size(module().registers[inner.registers.first + r].type.type);
    if (bytes > kMostBytes) continue;
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
