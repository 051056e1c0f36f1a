// compiler/driver/packages.cpp — reads starkpkg.json and follows its dependencies, each package once.
// Room: driver. In: a path. Out: Program.
#include "compiler/driver/packages.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace stark::driver {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
constexpr const char* kManifest = "starkpkg.json";

struct Manifest {
  std::string name, entry;
  std::optional<Edition> edition;
  std::vector<std::pair<std::string, fs::path>> dependencies;
};

// The first of these that is there, as a package without a manifest or an entry has it.
fs::path usual_root(const fs::path& folder) {
  for (const char* name : {"src/main.stark", "main.stark", "src/lib.stark", "lib.stark"})
    if (std::error_code error; fs::is_regular_file(folder / name, error)) return folder / name;
  return {};
}

bool is_alias(const std::string& word) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !word.empty() && letter(word[0]) && std::ranges::all_of(word, [&](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}

Result<Manifest> read_manifest(const fs::path& path) {
  const auto wrong = [&](const std::string& what) { return fail("S0003", fmt::format("`{}` is no manifest: {}", path.string(), what), "see `starkc explain S0003`"); };
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("S0001", fmt::format("cannot read `{}`", path.string()));
  const Json all = Json::parse(in, nullptr, false);
  if (!all.is_object()) return wrong("it is no JSON object");
  const auto text = [&](const char* key) { return all.contains(key) && all[key].is_string() ? all[key].get<std::string>() : std::string(); };
  Manifest out{text("name"), text("entry"), {}, {}};
  if (out.name.empty() || out.name.find('/') != std::string::npos) return wrong("`name` must be a text without `/`");
  if (all.contains("entry") && out.entry.empty()) return wrong("`entry` must be a path");
  if (all.contains("edition")) {
    out.edition = edition_named(text("edition"));
    if (!out.edition) return wrong("`edition` must be `stark` or `core-v1`");
  }
  const fs::path entry = fs::path(out.entry).lexically_normal();
  if (entry.is_absolute() || (!entry.empty() && *entry.begin() == "..")) return wrong("`entry` must stay inside the package");
  if (!all.contains("dependencies")) return out;
  if (!all["dependencies"].is_object()) return wrong("`dependencies` must be an object");
  for (const auto& [alias, where] : all["dependencies"].items()) {
    const bool nested = where.is_object() && where.contains("path") && where["path"].is_string();
    if (!is_alias(alias)) return wrong(fmt::format("`{}` is no name for a dependency", alias));
    if (!nested && !where.is_string()) return wrong(fmt::format("the dependency `{}` needs a path", alias));
    out.dependencies.emplace_back(alias, fs::path(nested ? where["path"].get<std::string>() : where.get<std::string>()));
  }
  return out;
}

class Loader {
 public:
  explicit Loader(SourceMap& sources) : sources_(sources) {}

  // The index of the package of a manifest; a package that is being loaded already makes a circle.
  Result<size_t> package(const fs::path& manifest_path) {
    std::error_code error;
    const fs::path key = fs::weakly_canonical(manifest_path, error);
    if (const auto known = known_.find(key); known != known_.end()) {
      if (!open_.contains(key)) return known->second;
      return fail("S0004", fmt::format("the package `{}` depends on itself", manifest_path.parent_path().string()));
    }
    const auto manifest = read_manifest(manifest_path);
    if (!manifest) return std::unexpected(manifest.error());
    const fs::path folder = manifest_path.parent_path(), root = manifest->entry.empty() ? usual_root(folder) : folder / manifest->entry;
    if (root.empty()) return fail("S0005", fmt::format("`{}` has neither src/main.stark nor src/lib.stark", folder.string()), "name its file as `entry` in the manifest");
    const auto file = sources_.load(root);
    if (!file) return std::unexpected(file.error());
    const size_t index = program.packages.size();
    program.packages.push_back({*file, {}});
    if (index == 0) program.name = manifest->name, program.edition = manifest->edition, program.has_manifest = true;
    known_[key] = index;
    open_[key] = true;
    for (const auto& [alias, where] : manifest->dependencies) {
      const auto other = package((where.is_absolute() ? where : folder / where) / kManifest);
      if (!other) return other;
      program.packages[index].dependencies.emplace_back(alias, *other);
    }
    open_.erase(key);
    return index;
  }

  Program program;

 private:
  SourceMap& sources_;
  std::map<fs::path, size_t> known_;
  std::map<fs::path, bool> open_;
};

}  // namespace

Result<Program> load_program(SourceMap& sources, const fs::path& path) {
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  const fs::path manifest = folder ? path / kManifest : path;
  Loader loader(sources);
  if (manifest.extension() == ".json" && (!folder || fs::exists(manifest, error))) {
    if (const auto loaded = loader.package(manifest); !loaded) return std::unexpected(loaded.error());
    return std::move(loader.program);
  }
  const fs::path root = folder ? usual_root(path) : path;
  if (root.empty()) return fail("S0005", fmt::format("`{}` has neither {} nor src/main.stark", path.string(), kManifest), "name a `.stark` file");
  const auto file = sources.load(root);
  if (!file) return std::unexpected(file.error());
  loader.program.packages.push_back({*file, {}});
  loader.program.name = folder ? fs::weakly_canonical(path, error).filename().string() : root.stem().string();
  return std::move(loader.program);
}

}  // namespace stark::driver
