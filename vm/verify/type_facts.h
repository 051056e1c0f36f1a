// vm/verify/type_facts.h — what the verifier computed about each type: size, offsets, pointers, abilities.
// Room: vm/verify, public face. In: Module's type tables. Out: TypeFacts per type, the only layouts the VM believes.
// Law: nothing here is read from the file; equal type tables give equal facts.
#pragma once

#include <cstdint>
#include <vector>

#include "bytecode-spec/module.h"

namespace stark::vm {

// A word of a value that the collector must see. Base: points to the start of a managed object (or is null).
// Interior: an address that may lie inside a managed object, in a frame, or in memory of the VM's own. Weak: as Base, but what
// nothing else refers to may go, and leaves null.
struct PointerSlot {
  enum class Kind : uint8_t { Base, Interior, Weak };
  uint32_t offset = 0;
  Kind kind = Kind::Base;
};

struct TypeFacts {
  uint32_t size = 0;   // bytes, a multiple of align
  uint32_t align = 1;
  bool is_copy = false;
  bool needs_drop = false;   // dropping it does something: frees owned memory, runs a drop function, or a part of it does
  bool is_sized = true;
  bool is_send = true, is_sync = true;
  bool is_finaliser_safe = true;  // no destructor in it can reach managed neighbours, which may be gone when the collector drops it
  bool has_c_form = false;        // C can be given a value of it, and can give one
  uint32_t region_slots = 0;
  std::vector<PointerSlot> pointers;    // of one value, by offset
  std::vector<uint32_t> field_offsets;  // structs, tuples: by field. Enums: variant v's field f is
                                        // field_offsets[variant_first[v] + f]; the tag is at 0
  std::vector<uint32_t> variant_first;
  uint32_t tag_bytes = 4;               // of an enum; another number only where no variant has fields
};

}  // namespace stark::vm
