// compiler/types/sizes.h — whether values of a type are small enough for a bundle, as the VM will lay them out.
// Room: types. In: TypeTable, when its structs and enums are final. Out: what is too much of a type, in words.
#pragma once

#include <string>
#include <vector>

#include "compiler/types/type_table.h"

namespace stark::types {

class Sizes {
 public:
  explicit Sizes(const TypeTable& table) : table_(table) {}
  // Why a bundle could not have values of this type; empty if it can.
  std::string too_much(TypeId type);
  uint64_t bytes(TypeId type) { return of(type).bytes; }
  uint64_t offset(StructId type, size_t field);
  uint64_t align(TypeId type) { return of(type).align; }

 private:
  struct Layout {
    uint64_t bytes = 0, align = 0;  // align 0: not asked yet
    uint32_t depth = 1;             // of values inside of values
  };
  Layout of(TypeId type);
  Layout laid_out(const TypeData& data);
  void place(Layout& whole, const Layout& part, uint64_t most = spec::kMaxPack) const;

  const TypeTable& table_;
  std::vector<Layout> known_;
};

}  // namespace stark::types
