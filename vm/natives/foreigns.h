// vm/natives/foreigns.h — Foreigns: the libraries that a program's foreign functions come from, and where those lie in memory.
// Room: vm/natives. In: names in a bundle, what the host grants. Out: addresses, each looked up before its first call and never earlier.
// Law: nothing is opened that is not granted; what is open stays open, and shows its names to nobody else.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "bytecode-spec/base/error.h"
#include "vm/load/program.h"
#include "vm/natives/c_interface.h"
#include "vm/natives/grants.h"

namespace stark::vm {

enum class ForeignError : uint8_t {
#define FOREIGN_ERROR(name, code, meaning, mend) name,
#include "vm/natives/foreign_errors.def"
};

// A foreign function with the form of one site's arguments.
struct BoundForeign {
  BoundForeign(void* found, const TypeTables& types, const ForeignSite& site, size_t fixed, bool is_variadic)
      : symbol(found), interface(types, site.arguments, fixed, is_variadic, site.result.type) {}
  void* const symbol;
  const CInterface interface;
};

// A function of the program with the code by which C calls it.
struct ForeignCallback {
  ForeignCallback(const TypeTables& types, std::span<const uint32_t> parameters, uint32_t result) : interface(types, parameters, result) {}
  ForeignCallback(const ForeignCallback&) = delete;
  ~ForeignCallback();
  const CInterface interface;
  uint32_t function = 0;
  ffi_closure* closure = nullptr;
  void* code = nullptr;
};

class Foreigns {
 public:
  // What libffi calls when C calls: the last argument is the ForeignCallback.
  using Handler = void (*)(ffi_cif*, void*, void**, void*);
  Foreigns(const Program& program, const Grants& grants) : program_(program), grants_(grants) {}
  Foreigns(const Foreigns&) = delete;

  Result<const BoundForeign*> bind(const ForeignSite& site);
  // Null where the system lets no code be made. The same for the same function.
  void* callback(uint32_t function, Handler handler);

 private:
  Result<void*> library(const std::string& name);
  Result<void*> symbol(uint32_t foreign);

  const Program& program_;
  const Grants& grants_;
  std::mutex mutex_;
  std::map<std::string, void*> libraries_;
  std::deque<BoundForeign> bound_;
  std::map<uint32_t, ForeignCallback> callbacks_;  // by function
};

// "`cos` of the library `m`", for messages.
std::string foreign_text(const spec::Module& module, const spec::ForeignRow& row);

}  // namespace stark::vm
