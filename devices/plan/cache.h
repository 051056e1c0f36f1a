// devices/plan/cache.h — PlanCache: the plans of one device, found by program and layouts.
// Room: devices/plan. In: a Program, Layouts. Out: a Plan that was compiled before, or nothing.
// Law: a plan stays until the cache is full; then all of them go, since the next round rebuilds what it needs.
#pragma once

#include <memory>
#include <span>
#include <unordered_map>

#include "devices/plan/plan.h"
#include "devices/program.h"

namespace stark::devices {

class PlanCache {
 public:
  static constexpr size_t kCapacity = 4096;

  static uint64_t hash(const Program& program, std::span<const Layout> inputs);
  Plan* find(uint64_t hash, const Program& program, std::span<const Layout> inputs) const;
  Plan* insert(uint64_t hash, const Program& program, std::unique_ptr<Plan> plan);
  void clear() { entries_.clear(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t program_id;
    std::unique_ptr<Plan> plan;
  };
  struct Identity {
    size_t operator()(uint64_t hash) const { return hash; }
  };
  std::unordered_multimap<uint64_t, Entry, Identity> entries_;
};

}  // namespace stark::devices
