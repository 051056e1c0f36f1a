// vm/natives/grants.h — Grants: what the host lets a program do, and where.
// Room: vm/natives. In: `--sandbox`, `--allow=fs-read=PATH,net`. Out: yes or no, per capability and path.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/tables.h"

namespace stark::vm {

class Grants {
 public:
  static Grants of_user();   // what the user may do, except unsafe and ffi
  static Grants none() { return {}; }

  // `fs-read`, or `fs-read=PATH`.
  Result<void> allow(std::string_view text);
  bool has(spec::Capability capability) const { return entry(capability).granted; }
  // Something that a bundle asks for because its code is not proven without it (unsafe, ffi), and that is not granted.
  std::optional<spec::Capability> missing(const spec::Module& module) const;
  // Everything, or what lies at some of the paths, which may be given beside everything to say where to look first.
  bool is_everywhere(spec::Capability capability) const { return entry(capability).everywhere; }
  std::span<const std::string> paths(spec::Capability capability) const { return entry(capability).paths; }
  bool has_path(spec::Capability capability, std::string_view path) const;
  // A descriptor of the file, or the negative of the system's error number. What is allowed is asked by the system as it walks the path, so
  // that no link leads out, whoever puts it there meanwhile; and nobody writes to the system's own files about this process.
  int open(spec::Capability capability, const std::string& path, int flags) const;

 private:
  const std::string* allowing(spec::Capability capability, std::string_view full) const;
  struct Entry {
    bool granted = false, everywhere = false;
    std::vector<std::string> paths;
  };
  const Entry& entry(spec::Capability c) const { return entries_[static_cast<size_t>(c)]; }
  std::array<Entry, 8> entries_;
};

}  // namespace stark::vm
