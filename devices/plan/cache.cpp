// devices/plan/cache.cpp — hashing of layouts, and the table.
// Room: devices/plan. In: a Program, Layouts. Out: a Plan that was compiled before, or nothing.
#include "devices/plan/cache.h"

namespace stark::devices {
namespace {

uint64_t mix(uint64_t hash, uint64_t word) {
  hash = (hash ^ word) * 0x9E37'79B9'7F4A'7C15ull;
  return hash ^ (hash >> 29);
}

bool same(const Layout& a, const Layout& b) {
  const size_t rank = a.type.shape.rank();
  if (a.type.dtype != b.type.dtype || rank != b.type.shape.rank()) return false;
  for (size_t i = 0; i < rank; ++i)
    if (a.type.shape[i] != b.type.shape[i] || a.strides[i] != b.strides[i]) return false;
  return true;
}

}  // namespace

uint64_t PlanCache::hash(const Program& program, std::span<const Layout> inputs) {
  uint64_t hash = mix(0, program.id());
  for (const Layout& layout : inputs) {
    const size_t rank = layout.type.shape.rank();
    hash = mix(hash, rank << 8 | static_cast<uint64_t>(layout.type.dtype));
    for (size_t i = 0; i < rank; ++i)
      hash = mix(hash, static_cast<uint64_t>(layout.type.shape[i]) * 31 + static_cast<uint64_t>(layout.strides[i]));
  }
  return hash;
}

Plan* PlanCache::find(uint64_t hash, const Program& program, std::span<const Layout> inputs) const {
  const auto [first, last] = entries_.equal_range(hash);
  for (auto entry = first; entry != last; ++entry) {
    const Plan& plan = *entry->second.plan;
    bool found = entry->second.program_id == program.id() && plan.inputs.size() == inputs.size();
    for (size_t i = 0; found && i < inputs.size(); ++i) found = same(plan.inputs[i], inputs[i]);
    if (found) return entry->second.plan.get();
  }
  return nullptr;
}

Plan* PlanCache::insert(uint64_t hash, const Program& program, std::unique_ptr<Plan> plan) {
  if (entries_.size() >= kCapacity) entries_.clear();
  return entries_.emplace(hash, Entry{program.id(), std::move(plan)})->second.plan.get();
}

}  // namespace stark::devices
