// devices/plan/planner.h — from a checked graph and the layouts of its inputs to a Plan without an executable.
// Room: devices/plan. In: spec::Graph, Layouts. Out: Plan. Nothing here knows which device it is for.
#pragma once

#include <memory>
#include <span>

#include "devices/plan/plan.h"

namespace stark::devices {

Result<std::unique_ptr<Plan>> make_plan(const spec::Graph& graph, std::span<const Layout> inputs);

// Gives each temporary its bytes of the arena, by lifetime; rewrites the steps' temporary slots.
inline constexpr uint32_t kTemporary = 0x8000'0000u;  // slot kTemporary + t, until then
void pack_temporaries(Plan& plan, std::span<const int64_t> temporary_bytes);
// Finds the donated inputs that outputs may overwrite.
void find_reuse(Plan& plan, std::span<const spec::InputMode> modes);

}  // namespace stark::devices
