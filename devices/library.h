// devices/library.h — Library: a driver opened at run time, and the tables of symbols taken from it.
// Room: devices. In: file names, symbol names. Out: function pointers, or D02 with the package to install.
// Law: a library once opened stays open for the life of the process; drivers do not survive being unloaded.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "bytecode-spec/base/error.h"

namespace stark::devices {

class Library {
 public:
  // The first of `names` that opens.
  static Result<Library> open(std::span<const char* const> names, std::string_view package);
  // D02 when the library is too old to have it.
  Result<void*> symbol(const char* name) const;

 private:
  void* handle_ = nullptr;
  std::string name_, package_;
};

}  // namespace stark::devices
