// compiler/borrow/names.cpp — a place as the user would write it.
// Room: borrow. In: Body. Out: text for messages.
#include "compiler/borrow/names.h"

#include <fmt/format.h>

namespace stark::borrow {

using mir::ProjectionKind;
using types::TypeKind;

Namer::Namer(const Body& body) : b_(body) {
  for (const auto& block : b_.function.blocks) {
    for (const Instruction& i : block.code) {
      if (i.kind == Instruction::Kind::Op && i.op == mir::Opcode::Static && i.target.steps.empty()) statics_[i.target.base.value] = i.index;
      if (i.kind != Instruction::Kind::Op || i.op != mir::Opcode::Borrow || !i.target.steps.empty() || has_name(i.target.base)) continue;
      const auto [at, added] = made_by_.try_emplace(i.target.base.value, &i);
      if (!added) at->second = nullptr;
    }
  }
}

std::string Namer::step_name(const types::TypeData& data, const mir::Projection& step, uint32_t variant) const {
  switch (step.kind) {
    case ProjectionKind::Index:
    case ProjectionKind::ConstIndex: return "[..]";
    case ProjectionKind::Field:
      if (data.kind == TypeKind::Struct) return "." + b_.table().info(data.struct_id).fields[step.argument].name;
      if (data.kind == TypeKind::Enum && variant != spec::kNone) return "." + b_.table().info(data.enum_id).variants[variant].fields[step.argument].name;
      return fmt::format(".{}", step.argument);
    default: return {};
  }
}

std::string Namer::name(const Place& place) const {
  if (const auto made = made_by_.find(place.base.value); made != made_by_.end() && made->second != nullptr) {
    Place origin = made->second->source;
    const bool through = !place.steps.empty() && place.steps[0].kind == ProjectionKind::Deref;
    if (through) origin.steps.insert(origin.steps.end(), place.steps.begin() + 1, place.steps.end());
    if (through && origin.base != place.base) return name(origin);
  }
  const mir::Local& local = b_.function.locals[place.base.index()];
  const auto of_static = statics_.find(place.base.value);
  const bool is_static = of_static != statics_.end();
  std::string text = is_static ? b_.program.statics[of_static->second].name : local.name.empty() ? "this value" : local.name;
  TypedPlace at{local.type, b_.regions.of_local[place.base.index()]};
  uint32_t variant = spec::kNone;
  for (const auto& step : place.steps) {
    const types::TypeData data = b_.table().get(at.type);
    if (is_static && &step == &place.steps.front() && step.kind == ProjectionKind::Deref) {  // nor before a static
      at = b_.types.step(at, step, &variant);
      continue;
    }
    if (step.kind == ProjectionKind::Deref && &step == &place.steps.back()) text = (types::is_view(data) ? "" : "*") + text;
    else text += step_name(data, step, variant);
    at = b_.types.step(at, step, &variant);
  }
  return text;
}

}  // namespace stark::borrow
