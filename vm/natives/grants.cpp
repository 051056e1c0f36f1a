// vm/natives/grants.cpp — reading and asking grants.
// Room: vm/natives. In: see grants.h.
#include "vm/natives/grants.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>

namespace stark::vm {
namespace {

std::filesystem::path absolute(std::string_view path) {
  std::error_code ignored;
  auto full = std::filesystem::weakly_canonical(std::filesystem::path(path), ignored);
  return ignored ? std::filesystem::path(path) : full;
}

constexpr int kMode = 0666;

// Without any link on the way, and nowhere but beneath the folder. A system that cannot say so opens nothing.
int open_beneath(int folder, const char* path, int flags) {
  open_how how{};
  how.flags = static_cast<uint64_t>(flags);
  how.mode = (flags & O_CREAT) != 0 ? kMode : 0;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
  const long file = syscall(SYS_openat2, folder, path, &how, sizeof how);
  return file < 0 ? -errno : static_cast<int>(file);
}

// The grant may be of a folder, or of the file itself: then it is found beneath the folder that has it.
int open_allowed(const std::filesystem::path& allowed, const std::filesystem::path& full, int flags) {
  const std::filesystem::path root = full == allowed ? allowed.parent_path() : allowed;
  const int folder = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
  if (folder < 0) return -errno;
  const int file = open_beneath(folder, full.lexically_relative(root).c_str(), flags);
  ::close(folder);
  return file;
}

bool is_of_system(int file) {
  struct statfs about;
  return fstatfs(file, &about) != 0 || about.f_type == PROC_SUPER_MAGIC;
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

const std::string* Grants::allowing(spec::Capability capability, std::string_view full) const {
  const auto& paths = entry(capability).paths;
  const auto found = std::ranges::find_if(paths, [&](const std::string& allowed) {
    if (!full.starts_with(allowed)) return false;
    return full.size() == allowed.size() || allowed.ends_with('/') || full[allowed.size()] == '/';
  });
  return found != paths.end() ? &*found : nullptr;
}

bool Grants::has_path(spec::Capability capability, std::string_view path) const {
  const Entry& e = entry(capability);
  return e.granted && (e.everywhere || allowing(capability, absolute(path).string()) != nullptr);
}

int Grants::open(spec::Capability capability, const std::string& path, int flags) const {
  const Entry& e = entry(capability);
  int file = -EACCES;
  if (e.granted && e.everywhere) {
    file = ::open(path.c_str(), flags | O_CLOEXEC, kMode);
    if (file < 0) return -errno;
  } else if (e.granted) {
    const std::filesystem::path full = absolute(path);
    if (const std::string* allowed = allowing(capability, full.string())) file = open_allowed(*allowed, full, flags | O_CLOEXEC);
  }
  if (file < 0 || capability != spec::Capability::FsWrite || !is_of_system(file)) return file;
  ::close(file);
  return -EACCES;
}

}  // namespace stark::vm
