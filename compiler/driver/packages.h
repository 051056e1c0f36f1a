// compiler/driver/packages.h — what a path on the command line names: a file, a manifest, or a folder with one of them.
// Room: driver, private. In: a path. Out: the packages of the program with their root files loaded, and what the manifest says.
// Law: a dependency's path may leave the folder of its package, an entry may not.
#pragma once

#include <string>
#include <vector>

#include "compiler/resolve/names.h"

namespace stark::driver {

struct Program {
  std::vector<resolve::PackageInput> packages;  // the program itself first
  std::string name;                             // what its bundle is called
  std::optional<Edition> edition;               // as the manifest says
  bool has_manifest = false;
};

Result<Program> load_program(SourceMap& sources, const std::filesystem::path& path);

}  // namespace stark::driver
