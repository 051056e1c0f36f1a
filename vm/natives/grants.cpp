// vm/natives/grants.cpp — reading and asking grants.
// Room: vm/natives. In: see grants.h.
#include "vm/natives/grants.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace stark::vm {
namespace {

std::filesystem::path absolute(std::string_view path) {
  std::error_code ignored;
  auto full = std::filesystem::weakly_canonical(std::filesystem::path(path), ignored);
  return ignored ? std::filesystem::path(path) : full;
}

}  // namespace

Grants Grants::of_user() {
  Grants g;
  for (spec::Capability c : {spec::Capability::FsRead, spec::Capability::FsWrite, spec::Capability::Net, spec::Capability::Env}) {
    Entry& e = g.entries_[static_cast<size_t>(c)];
    e.granted = e.everywhere = true;
  }
  return g;
}

Result<void> Grants::allow(std::string_view text) {
  const size_t equals = text.find('=');
  const auto names = spec::capabilities();
  const auto at = std::ranges::find(names, text.substr(0, equals));
  if (at == names.end()) {
    return fail("", fmt::format("`{}` is nothing that can be allowed", text), "one of: fs-read fs-write net env ffi unsafe");
  }
  Entry& e = entries_[static_cast<size_t>(at - names.begin())];
  e.granted = true;
  if (equals == std::string_view::npos) e.everywhere = true;
  else e.paths.push_back(absolute(text.substr(equals + 1)).string());
  return {};
}

std::optional<spec::Capability> Grants::missing(const spec::Module& module) const {
  for (uint32_t asked : module.capabilities) {
    const auto capability = static_cast<spec::Capability>(asked);
    if ((capability == spec::Capability::Unsafe || capability == spec::Capability::Ffi) && !has(capability)) return capability;
  }
  return std::nullopt;
}

bool Grants::has_path(spec::Capability capability, std::string_view path) const {
  const Entry& e = entry(capability);
  if (!e.granted || e.everywhere) return e.granted;
  const std::string full = absolute(path).string();
  return std::ranges::any_of(e.paths, [&](const std::string& allowed) {
    if (!full.starts_with(allowed)) return false;
    return full.size() == allowed.size() || allowed.ends_with('/') || full[allowed.size()] == '/';
  });
}

}  // namespace stark::vm
