// compiler/borrow/regions.cpp — gives every lifetime slot of every local its region.
// Room: borrow. In: Function, signatures. Out: RegionMap. Invariant slots that meet are unified, by union-find.
#include "compiler/borrow/regions.h"

#include <algorithm>

#include "bytecode-spec/tables.h"
#include "compiler/mir/cfg.h"

namespace stark::borrow {
namespace {

using mir::Opcode;
using mir::OperandKind;
using mir::ProjectionKind;
using types::TypeKind;

class Assigner {
 public:
  Assigner(const mir::Program& program, const mir::Function& function, TypeRegions& types) : p_(program), f_(function), types_(types) {}

  RegionMap run() {
    open();
    for (const auto& block : f_.blocks) {
      for (const Instruction& i : block.code) {
        if (i.kind == Instruction::Kind::Op) unify_instruction(i);
      }
    }
    return close();
  }

 private:
  void open() {
    map_.fixed = f_.signature.region_count + 1;
    uint32_t next = map_.fixed;
    const std::vector<RegionId> none;
    for (size_t l = 0; l < f_.locals.size(); ++l) {
      std::vector<RegionId> regions(types_.table().region_slots(f_.locals[l].type));
      const bool is_parameter = l < f_.signature.parameters.size();
      const auto& fixed = is_parameter ? f_.signature.parameter_regions[l] : is_result(LocalId(l)) ? f_.signature.result_regions : none;
      for (size_t s = 0; s < regions.size(); ++s) regions[s] = s < fixed.size() ? fixed[s] : next++;
      map_.of_local.push_back(std::move(regions));
    }
    for (RegionId r = 0; r < next; ++r) parent_.push_back(r);
  }

  // What is returned has the signature's lifetimes from the start, so that a mistake shows where the value comes from.
  bool is_result(LocalId local) const {
    if (f_.locals[local.index()].kind != mir::LocalKind::Temporary || f_.locals[local.index()].type != f_.signature.result) return false;
    return std::ranges::any_of(f_.blocks, [&](const mir::Block& block) {
      const Instruction& last = block.code.back();
      return last.op == Opcode::Return && last.operands[0].kind != OperandKind::Constant && last.operands[0].place == Place{local, {}};
    });
  }

  // Region numbers are made dense again, and the users of each are listed.
  RegionMap close() {
    std::vector<RegionId> dense(parent_.size(), Id<int>::kNone);
    uint32_t next = map_.fixed;
    for (size_t l = 0; l < map_.of_local.size(); ++l) {
      for (RegionId& r : map_.of_local[l]) {
        const RegionId root = find(r);
        if (root >= map_.fixed && dense[root] == Id<int>::kNone) dense[root] = next++;
        r = root < map_.fixed ? root : dense[root];
      }
    }
    map_.count = next;
    map_.users.resize(next);
    for (size_t l = 0; l < map_.of_local.size(); ++l) {
      for (RegionId r : map_.of_local[l]) {
        auto& users = map_.users[r];
        if (users.empty() || users.back() != LocalId(l)) users.push_back(LocalId(l));
      }
    }
    close_outlives();
    return std::move(map_);
  }
  void close_outlives() {
    const uint32_t n = map_.fixed;
    map_.outlives.assign(n, std::vector<bool>(n, false));
    for (uint32_t r = 0; r < n; ++r) map_.outlives[r][r] = map_.outlives[0][r] = true;
    for (const auto& [longer, shorter] : f_.signature.outlives) map_.outlives[longer][shorter] = true;
    for (uint32_t k = 0; k < n; ++k) {
      for (uint32_t i = 0; i < n; ++i) {
        for (uint32_t j = 0; j < n; ++j) {
          if (map_.outlives[i][k] && map_.outlives[k][j]) map_.outlives[i][j] = true;
        }
      }
    }
  }

  RegionId find(RegionId r) {
    while (parent_[r] != r) r = parent_[r] = parent_[parent_[r]];
    return r;
  }
  void unify(RegionId a, RegionId b, Span span) {
    a = find(a);
    b = find(b);
    if (a == b) return;
    if (a > b) std::swap(a, b);  // fixed regions stay the representatives
    if (b < map_.fixed) {
      map_.equalities.push_back({a, b, span});
      return;
    }
    parent_[b] = a;
  }
  void unify_invariant(const TypedPlace& from, const TypedPlace& to, Span span) {
    const auto& variance = types_.variance(to.type);
    for (size_t s = 0; s < std::min({variance.size(), from.regions.size(), to.regions.size()}); ++s) {
      if (variance[s] == Variance::Invariant) unify(from.regions[s], to.regions[s], span);
    }
  }

  TypedPlace typed(const Place& place) { return typed_place(f_, map_, types_, place); }

  void unify_instruction(const Instruction& i) {
    switch (i.op) {
      case Opcode::Set:
      case Opcode::Replace: unify_operand(i, 0, typed(i.target)); break;
      case Opcode::Make:
      case Opcode::MakeVariant: unify_parts(i); break;
      case Opcode::Repeat: unify_operand(i, 0, types_.step(typed(i.target), {ProjectionKind::ConstIndex, 0}, &none_)); break;
      case Opcode::Box: unify_operand(i, 0, types_.step(typed(i.target), {ProjectionKind::Deref, 0}, &none_)); break;
      case Opcode::Dyn:
      case Opcode::Fn: unify_hidden(i); break;
      case Opcode::Borrow: unify_borrow(i); break;
      case Opcode::Static: unify_invariant({{}, std::vector<RegionId>(typed(i.target).regions.size())}, typed(i.target), i.span); break;  // all is 'static
      case Opcode::Call:
      case Opcode::CallNative:
      case Opcode::CallForeign:
      case Opcode::CallDyn: unify_call(i); break;
      case Opcode::Return: {
        const TypedPlace result{f_.signature.result, f_.signature.result_regions};
        unify_operand(i, 0, result);
        break;
      }
      default: break;
    }
  }
  void unify_operand(const Instruction& i, size_t number, const TypedPlace& to) {
    const mir::Operand& operand = i.operands[number];
    if (operand.kind != OperandKind::Constant) unify_invariant(typed(operand.place), to, i.span);
  }
  void unify_parts(const Instruction& i) {
    const TypedPlace whole = typed(i.target);
    const bool is_array = types_.table().kind(whole.type) == TypeKind::Array;
    for (uint32_t part = 0; part < i.operands.size(); ++part) {
      uint32_t variant = i.op == Opcode::MakeVariant ? i.index : spec::kNone;
      unify_operand(i, part, types_.step(whole, {is_array ? ProjectionKind::ConstIndex : ProjectionKind::Field, part}, &variant));
    }
  }
  void unify_borrow(const Instruction& i) {
    TypedPlace to = typed(i.target);
    TypedPlace from = typed(i.source);
    from.regions.insert(from.regions.begin(), to.regions[0]);
    unify_invariant(from, to, i.span);
  }
  // What is written through inside the hidden value is the object's own lifetime: vm/verify says why.
  void unify_hidden(const Instruction& i) {
    const TypedPlace from = typed(i.operands[0].place), to = typed(i.target);
    const size_t inside = i.op == Opcode::Dyn && types_.table().kind(from.type) == TypeKind::Ref ? 1 : 0;
    const auto& variance = types_.variance(from.type);
    for (size_t s = inside; s < from.regions.size(); ++s) {
      if (variance[s] == Variance::Invariant) unify(from.regions[s], to.regions[inside], i.span);
    }
  }
  void unify_call(const Instruction& i) {
    const CallShape shape = call_shape(p_, f_, i);
    std::vector<RegionId> bound(shape.region_count + 1, Id<int>::kNone);
    bound[0] = 0;
    const auto bind = [&](const TypedPlace& place, const std::vector<uint32_t>& lifetimes) {
      const auto& variance = types_.variance(place.type);
      for (size_t s = 0; s < std::min(lifetimes.size(), place.regions.size()); ++s) {
        if (variance[s] != Variance::Invariant) continue;
        RegionId& region = bound[lifetimes[s]];
        if (region == Id<int>::kNone) region = place.regions[s];
        unify(region, place.regions[s], i.span);
      }
    };
    for (size_t a = 0; a < i.operands.size(); ++a) {
      if (i.operands[a].kind != OperandKind::Constant) bind(typed(i.operands[a].place), shape.parameters[a]);
    }
    bind(typed(i.target), shape.result);
    // The callee may take two that outlive each other for one, and one that outlives 'static for 'static.
    for (const auto& [longer, shorter] : shape.outlives) {
      if (bound[longer] == Id<int>::kNone || bound[shorter] == Id<int>::kNone) continue;
      const bool mutual = std::ranges::find(shape.outlives, std::pair(shorter, longer)) != shape.outlives.end();
      if (mutual || shorter == 0) unify(bound[longer], bound[shorter], i.span);
    }
  }

  const mir::Program& p_;
  const mir::Function& f_;
  TypeRegions& types_;
  RegionMap map_;
  std::vector<RegionId> parent_;
  uint32_t none_ = spec::kNone;
};

}  // namespace

size_t RegionMap::slots_of(LocalId local, RegionId region) const {
  return static_cast<size_t>(std::ranges::count(of_local[local.index()], region));
}

TypedPlace typed_place(const mir::Function& function, const RegionMap& map, TypeRegions& types, const Place& place) {
  TypedPlace at{function.locals[place.base.index()].type, map.of_local[place.base.index()]};
  uint32_t variant = spec::kNone;
  for (const auto& step : place.steps) at = types.step(at, step, &variant);
  return at;
}

TypeId place_type(const mir::Function& function, const types::TypeTable& table, const Place& place) {
  TypeRegions types(table);
  TypeId type = function.locals[place.base.index()].type;
  uint32_t variant = spec::kNone;
  for (const auto& step : place.steps) {
    TypedPlace at{type, std::vector<RegionId>(table.region_slots(type))};
    type = types.step(at, step, &variant).type;
  }
  return type;
}

TypedPlace TypeRegions::step(const TypedPlace& from, const mir::Projection& step, uint32_t* variant) const {
  const types::TypeData& data = table_.get(from.type);
  const uint32_t chosen = *variant;
  *variant = spec::kNone;
  const auto field = [&](const types::Field& f) {
    TypedPlace to{f.type, {}};
    const uint32_t slots = table_.region_slots(f.type);
    for (size_t s = 0; s < slots; ++s) {
      const types::Region parameter = s < f.regions.size() ? f.regions[s] : 0;
      to.regions.push_back(parameter == 0 || parameter > from.regions.size() ? 0 : from.regions[parameter - 1]);
    }
    return to;
  };
  switch (step.kind) {
    case ProjectionKind::Field:
      if (data.kind == TypeKind::Struct) return field(table_.info(data.struct_id).fields[step.argument]);
      if (data.kind == TypeKind::Enum) return field(table_.info(data.enum_id).variants[chosen].fields[step.argument]);
      {
        size_t first = 0;
        for (uint32_t f = 0; f < step.argument; ++f) first += table_.region_slots(data.parts[f]);
        const TypeId part = data.parts[step.argument];
        const auto begin = from.regions.begin() + static_cast<ptrdiff_t>(first);
        return {part, {begin, begin + table_.region_slots(part)}};
      }
    case ProjectionKind::Variant: *variant = step.argument; return from;
    case ProjectionKind::ConstIndex:
    case ProjectionKind::Index: return {data.parts[0], from.regions};
    case ProjectionKind::Deref:
      if (data.kind == TypeKind::Box || data.kind == TypeKind::Ptr || data.kind == TypeKind::Arc) return {data.parts[0], from.regions};
      if (data.kind == TypeKind::Gc) return {data.parts[0], std::vector<RegionId>(table_.region_slots(data.parts[0]))};  // 'static
      return {data.parts[0], {from.regions.begin() + 1, from.regions.end()}};
    case ProjectionKind::None: break;
  }
  return from;
}

const std::vector<Variance>& TypeRegions::variance(TypeId type) {
  if (cache_.size() <= type.index()) {
    cache_.resize(table_.size());
    state_.resize(table_.size());
  }
  if (state_[type.index()] == 0) {
    state_[type.index()] = 1;
    cache_[type.index()].assign(table_.region_slots(type), Variance::Covariant);  // what a recursive use sees
    // Recursive types are asked again until their answer stands.
    for (auto next = compute(type); next != cache_[type.index()]; next = compute(type)) cache_[type.index()] = next;
    state_[type.index()] = 2;
  }
  return cache_[type.index()];
}

std::vector<Variance> TypeRegions::compute(TypeId type) {
  const types::TypeData& data = table_.get(type);
  std::vector<Variance> mine(table_.region_slots(type), Variance::Covariant);
  const auto fields = [&](const std::vector<types::Field>& list) {
    for (const types::Field& f : list) {
      const auto inner = variance(f.type);
      for (size_t s = 0; s < inner.size() && s < f.regions.size(); ++s) {
        if (inner[s] == Variance::Invariant && f.regions[s] > 0) mine[f.regions[s] - 1] = Variance::Invariant;
      }
    }
  };
  switch (data.kind) {
    case TypeKind::Vec:
    case TypeKind::Array:
    case TypeKind::Slice:
    case TypeKind::Arc:
    case TypeKind::Box: return variance(data.parts[0]);
    case TypeKind::Cell:
    case TypeKind::Mutex:
    case TypeKind::RwLock:
    case TypeKind::OnceSlot:
    case TypeKind::Scope:
    case TypeKind::RefCell: return std::vector<Variance>(mine.size(), Variance::Invariant);
    case TypeKind::Ptr: return data.is_mut ? std::vector<Variance>(mine.size(), Variance::Invariant) : variance(data.parts[0]);
    case TypeKind::Guard:
    case TypeKind::Ref: {
      const auto inner = variance(data.parts[0]);
      for (size_t s = 0; s < inner.size(); ++s) mine[s + 1] = data.is_mut ? Variance::Invariant : inner[s];
      break;
    }
    case TypeKind::Tuple: {
      size_t at = 0;
      for (TypeId part : data.parts) {
        for (Variance v : std::vector<Variance>(variance(part))) mine[at++] = v;
      }
      break;
    }
    case TypeKind::Struct: fields(table_.info(data.struct_id).fields); break;
    case TypeKind::Enum:
      for (const auto& v : table_.info(data.enum_id).variants) fields(v.fields);
      break;
    default: break;
  }
  return mine;
}

RegionMap assign_regions(const mir::Program& program, const mir::Function& function, TypeRegions& types) {
  return Assigner(program, function, types).run();
}

}  // namespace stark::borrow
