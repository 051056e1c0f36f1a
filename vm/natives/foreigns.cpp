// vm/natives/foreigns.cpp — finding and opening libraries, as a linker finds them; looking up symbols.
// Room: vm/natives. In: see foreigns.h.
#include "vm/natives/foreigns.h"

#include <dlfcn.h>
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <vector>

namespace stark::vm {
namespace {

namespace fs = std::filesystem;

struct ErrorRow {
  std::string_view code, mend;
};
constexpr ErrorRow kErrors[] = {
#define FOREIGN_ERROR(name, code, meaning, mend) {code, mend},
#include "vm/natives/foreign_errors.def"
};

std::unexpected<Error> foreign_error(ForeignError which, std::string found) {
  const ErrorRow& row = kErrors[static_cast<size_t>(which)];
  return fail(std::string(row.code), std::move(found), std::string(row.mend));
}

// The files of a folder that are some version of the library, the plain name first, then the youngest.
std::vector<std::string> versions_in(const fs::path& folder, const std::string& file) {
  std::vector<std::string> found;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name == file || name.starts_with(file + ".")) found.push_back(entry.path().string());
  }
  std::ranges::sort(found, [](const std::string& a, const std::string& b) { return a.size() != b.size() ? a.size() < b.size() : a > b; });
  return found;
}

// Where the system's loader looks.
std::vector<std::string> system_folders() {
  std::vector<std::string> folders;
  void* self = ::dlopen(nullptr, RTLD_LAZY);
  Dl_serinfo size{};
  if (self == nullptr || ::dlinfo(self, RTLD_DI_SERINFOSIZE, &size) != 0) return folders;
  std::vector<std::byte> room(size.dls_size);
  auto* info = reinterpret_cast<Dl_serinfo*>(room.data());
  if (::dlinfo(self, RTLD_DI_SERINFOSIZE, info) != 0 || ::dlinfo(self, RTLD_DI_SERINFO, info) != 0) return folders;
  for (unsigned i = 0; i < info->dls_cnt; ++i) folders.emplace_back(info->dls_serpath[i].dls_name);
  return folders;
}

void* open_file(const std::string& file) { return ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL); }

// What C prints and what the program prints come out in the order in which they were printed.
void keep_order_of_output() {
  static const bool done = [] { return std::setvbuf(stdout, nullptr, _IONBF, 0) == 0; }();
  static_cast<void>(done);
}

}  // namespace

std::string foreign_text(const spec::Module& module, const spec::ForeignRow& row) {
  const std::string_view library = module.text_of(row.library);
  return fmt::format("`{}` of {}", module.text_of(row.name), library.empty() ? "the C library" : fmt::format("the library `{}`", library));
}

// `m` is `libm.so`, or a version of it: among what the host names, then, where it lets the program open anything, in the system.
Result<void*> Foreigns::library(const std::string& name) {
  if (const auto known = libraries_.find(name); known != libraries_.end()) return known->second;
  const std::string file = fmt::format("lib{}.so", name);
  std::vector<std::string> candidates;
  const auto add = [&](const fs::path& folder) {
    for (std::string& found : versions_in(folder, file)) candidates.push_back(std::move(found));
  };
  for (const std::string& path : grants_.paths(spec::Capability::Ffi)) {
    std::error_code ignored;
    if (fs::is_directory(path, ignored)) add(path);
    else if (const std::string own = fs::path(path).filename().string(); own == file || own.starts_with(file + ".")) candidates.push_back(path);
  }
  if (grants_.is_everywhere(spec::Capability::Ffi)) {
    candidates.push_back(file);  // the loader's own cache knows folders that it does not tell
    for (const std::string& folder : system_folders()) add(folder);
  }
  std::string why;
  for (const std::string& one : candidates) {
    if (void* opened = open_file(one)) return libraries_[name] = opened;
    if (const char* told = ::dlerror(); told != nullptr && why.empty()) why = fmt::format(": {}", told);
  }
  return foreign_error(ForeignError::NoLibrary, fmt::format("the library `{}` cannot be opened{}", name, why));
}

// What names no library is the C library's, mathematics included.
Result<void*> Foreigns::symbol(uint32_t foreign) {
  const spec::Module& module = program_.module();
  const spec::ForeignRow& row = module.foreigns[foreign];
  const std::string name(module.text_of(row.name)), own(module.text_of(row.library));
  for (const std::string& one : own.empty() ? std::vector<std::string>{"c", "m"} : std::vector<std::string>{own}) {
    const auto opened = library(one);
    if (!opened) return std::unexpected(opened.error());
    if (void* found = ::dlsym(*opened, name.c_str())) return found;
  }
  return foreign_error(ForeignError::NoSymbol, fmt::format("there is no {}", foreign_text(module, row)));
}

ForeignCallback::~ForeignCallback() {
  if (closure != nullptr) ::ffi_closure_free(closure);
}

void* Foreigns::callback(uint32_t function, Handler handler) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = callbacks_.find(function); known != callbacks_.end()) return known->second.code;
  const spec::Module& module = program_.module();
  const spec::SignatureRow& s = module.signatures[module.functions[function].signature];
  std::vector<uint32_t> parameters;
  for (uint32_t i = 0; i < s.parameters.count; ++i) parameters.push_back(module.type_uses[s.parameters.first + i].type);
  ForeignCallback& made = callbacks_.try_emplace(function, program_.types(), parameters, s.result.type).first->second;
  made.function = function;
  made.closure = static_cast<ffi_closure*>(::ffi_closure_alloc(sizeof(ffi_closure), &made.code));
  if (made.closure == nullptr || ::ffi_prep_closure_loc(made.closure, &made.interface.cif(), handler, &made, made.code) != FFI_OK) made.code = nullptr;
  return made.code;
}

Result<const BoundForeign*> Foreigns::bind(const ForeignSite& site) {
  const std::scoped_lock lock(mutex_);
  std::atomic_ref<const BoundForeign*> slot(site.bound);
  if (const BoundForeign* known = slot.load()) return known;
  const auto found = symbol(site.foreign);
  if (!found) return std::unexpected(found.error());
  keep_order_of_output();
  const spec::Module& module = program_.module();
  const spec::ForeignRow& row = module.foreigns[site.foreign];
  const bool is_variadic = (row.flags & spec::kForeignVariadic) != 0;
  bound_.emplace_back(*found, program_.types(), site, module.signatures[row.signature].parameters.count, is_variadic);
  slot.store(&bound_.back(), std::memory_order_release);
  return &bound_.back();
}

}  // namespace stark::vm
