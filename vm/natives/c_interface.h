// vm/natives/c_interface.h — CInterface: how one foreign function takes its arguments and gives its result, told to libffi.
// Room: vm/natives. In: types that the proof found to have a form in C. Out: calls.
// Law: made once, then shared by threads. A struct of one field is passed as that field, as `repr(transparent)` wants it and 64-bit C has it anyway.
#pragma once

#include <ffi.h>

#include <deque>
#include <span>
#include <vector>

#include "vm/load/exec_op.h"
#include "vm/objects/type_tables.h"

namespace stark::vm {

class CInterface {
 public:
  // `fixed`: how many arguments are the declared parameters of a variadic function; of another, all of them.
  CInterface(const TypeTables& types, std::span<const FrameValue> arguments, size_t fixed, bool is_variadic, uint32_t result);
  // Of a function that C calls.
  CInterface(const TypeTables& types, std::span<const uint32_t> parameters, uint32_t result);
  CInterface(const CInterface&) = delete;

  // Whether C is given an address, and so may look at what it points to.
  bool takes_addresses() const { return takes_addresses_; }
  ffi_cif& cif() const { return cif_; }
  // A result for C, which wants a whole word of what is less.
  void widen(const std::byte* value, void* to) const;

 private:
  void prepare(size_t fixed, bool is_variadic, uint32_t result);
  ffi_type* type_of(uint32_t type);
  ffi_type* scalar(TypeKind kind);
  void add_parts(uint32_t type, std::vector<ffi_type*>& out);

  const TypeTables& types_;
  mutable ffi_cif cif_{};
  std::vector<ffi_type*> arguments_;
  std::deque<ffi_type> structs_;
  std::deque<std::vector<ffi_type*>> elements_;
  bool takes_addresses_ = false;
};

}  // namespace stark::vm
