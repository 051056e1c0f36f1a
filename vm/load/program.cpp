// vm/load/program.cpp — frames' layout, constants, descriptors and source positions of a program.
// Room: vm/load. Essay: vm/run/README.md, "Frames". In: see program.h.
#include "vm/load/program.h"

#include <algorithm>

#include "vm/load/translate.h"

namespace stark::vm {
namespace {

uint32_t aligned(uint32_t offset, uint32_t to) { return (offset + to - 1) / to * to; }

// Where a register lies behind `end`, which it moves on.
uint32_t place_behind(const TypeFacts& facts, uint32_t& end) {
  const uint32_t offset = aligned(end, std::max(facts.align, facts.size >= 8 ? 8u : 1u));
  end = offset + facts.size;
  return offset;
}

}  // namespace

Program::Program(VerifiedModule verified, std::span<const uint32_t> handlers, Translation translation)
    : verified_(std::move(verified)), handlers_(handlers.begin(), handlers.end()), translation_(translation.watches ? Translation{.inlines = false, .improves = false, .meters = translation.meters, .looks = translation.looks, .watches = true} : translation), functions_(module().functions.size()),
      buffers_(module().types.size()), arc_runs_(module().types.size()), boxes_(module().types.size()), arcs_(module().types.size()) {
  types_ = {&module(), verified_.types()};
  find_shared();
  has_threads_ = std::ranges::any_of(module().types, [](const spec::TypeRow& row) {
    const auto opaque = static_cast<spec::Opaque>(row.a);
    return row.kind == static_cast<uint32_t>(TypeKind::Opaque) && (opaque == spec::Opaque::Thread || opaque == spec::Opaque::Spawned);
  });
  for (uint32_t f = 0; f < functions_.size(); ++f) functions_[f].index = f;
  texts_.resize(module().constants.size());
  for (uint32_t f : module().vtable_functions) vtable_functions_.push_back(&functions_[f]);
  for (const spec::VTableRow& row : module().vtables) vtables_.push_back({row.type, vtable_functions_.data() + row.functions.first});
}

std::vector<uint32_t> Program::method_offsets(const spec::SignatureRow& method) const {
  std::vector<uint32_t> offsets{sizeof(FrameHeader)};
  uint32_t end = sizeof(FrameHeader) + sizeof(void*);
  for (uint32_t i = 1; i < method.parameters.count; ++i) {
    offsets.push_back(place_behind(types_.facts(module().type_uses[method.parameters.first + i].type), end));
  }
  offsets.push_back(end);
  return offsets;
}

// Parameters first, then what needs no clearing, then registers with pointers, then drop flags; those of functions that may
// stand in this one among them.
void Program::lay_out(Function& function) {
  if (function.is_laid_out) return;
  function.is_laid_out = true;
  std::vector<uint32_t> chain;
  uint32_t words = 0;
  if (translation_.inlines) choose_inlined(function, function.index, chain, words);
  uint32_t end = sizeof(FrameHeader);
  const auto place_all = [&](uint32_t index, Layout& layout, auto belongs) {
    const spec::FunctionRow& row = module().functions[index];
    const auto registers = std::span(module().registers).subspan(row.registers.first, row.registers.count);
    layout.registers.resize(registers.size());
    layout.flags.resize(registers.size());
    for (uint32_t r = 0; r < registers.size(); ++r) {
      const TypeFacts& facts = types_.facts(registers[r].type.type);
      const bool is_parameter = (registers[r].flags & spec::kParameter) != 0 && index == function.index;
      if (!belongs(is_parameter, !facts.pointers.empty())) continue;
      layout.registers[r] = place_behind(facts, end);
      for (const PointerSlot& slot : facts.pointers) function.roots.push_back({layout.registers[r] + slot.offset, slot_kind(slot.kind)});
    }
  };
  const auto place_everywhere = [&](auto belongs) {
    place_all(function.index, function.layout, belongs);
    for (auto& [index, layout] : function.inlined) place_all(index, layout, belongs);
  };
  place_everywhere([](bool parameter, bool) { return parameter; });
  function.parameters_end = end;
  place_everywhere([](bool parameter, bool pointers) { return !parameter && !pointers; });
  end = aligned(end, 8);
  function.zero_from = end;
  place_everywhere([](bool parameter, bool pointers) { return !parameter && pointers; });
  const auto place_flags = [&](uint32_t index, Layout& layout) {
    const spec::FunctionRow& row = module().functions[index];
    for (uint32_t r = 0; r < row.registers.count; ++r) {
      if ((module().registers[row.registers.first + r].flags & spec::kDropFlag) != 0) layout.flags[r] = end++;
    }
  };
  place_flags(function.index, function.layout);
  for (auto& [index, layout] : function.inlined) place_flags(index, layout);
  end = aligned(end, 8);
  function.zero_bytes = end - function.zero_from;
  function.frame_size = end;
}

void Program::translate(Function& function) {
  const std::scoped_lock lock(translating_);
  lay_out(function);
  if (function.entry != nullptr) return;
  const auto begin = std::chrono::steady_clock::now();
  Translator::run(*this, function);
  translated_.time += std::chrono::steady_clock::now() - begin;
  ++translated_.functions;
}

gc::Object* Program::text_constant(uint32_t constant) {
  if (texts_[constant] == nullptr) {
    const uint64_t bits = module().constants[constant].bits;
    texts_[constant] = pool_.add(module().text_of({static_cast<uint32_t>(bits >> 32), static_cast<uint32_t>(bits)}));
  }
  return texts_[constant];
}

const gc::TypeInfo& Program::buffer_info(uint32_t element_type) {
  return buffers_.get(element_type, [&] {
    gc::TypeInfo info;
    info.name = "buffer";
    info.element_size = types_.size(element_type);
    for (const PointerSlot& slot : types_.facts(element_type).pointers) info.element_slots.push_back({slot.offset, slot_kind(slot.kind)});
    return info;
  });
}

// A value without a size has an address too, so every box has room for a word.
BoxInfo Program::value_info(const char* name, uint32_t type, uint32_t before) const {
  BoxInfo info;
  info.name = name;
  info.type = type;
  info.fixed_size = std::max(before + 8u, before + aligned(types_.size(type), 8));
  for (const PointerSlot& slot : types_.facts(type).pointers) info.fixed_slots.push_back({before + slot.offset, slot_kind(slot.kind)});
  return info;
}
const BoxInfo& Program::box_info(uint32_t type) {
  return boxes_.get(type, [&] { return value_info("box", type, 0); });
}
const BoxInfo& Program::arc_info(uint32_t type) {
  return arcs_.get(type, [&] { return value_info("arc", type, kCounted); });
}
const gc::TypeInfo& Program::arc_run_info(uint32_t element_type) {
  return arc_runs_.get(element_type, [&] {
    gc::TypeInfo info = buffer_info(element_type);
    info.name = "arc";
    info.fixed_size = kCounted;
    return info;
  });
}

std::vector<Point> Program::points_of(const Function& function, const Op* op) const {
  const auto at = static_cast<size_t>(op - function.ops.data());
  if (at >= function.origins.size()) return {{function.index, 0, &function.layout}};
  std::vector<Point> points;
  Origin from = function.origins[at];
  for (;;) {
    const Body& body = function.bodies[from.body];
    points.push_back({body.function, from.word, body.layout});
    if (body.caller == spec::kNone) return points;
    from = {body.word, body.caller};
  }
}

Position Program::position_of(const Point& point) const {
  const spec::FunctionRow& row = module().functions[point.function];
  if (row.file == spec::kNone || row.file >= module().files.size()) return {};
  Position position{module().text_of(module().files[row.file])};
  for (const spec::LineRow& line : std::span(module().lines).subspan(row.lines.first, row.lines.count)) {
    if (line.word > point.word) break;
    position.line = line.line;
    position.column = line.column;
  }
  return position;
}

}  // namespace stark::vm
