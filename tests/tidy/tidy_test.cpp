// tests/tidy/tidy_test.cpp — the house rules that a program can check: first lines, includes, file tables of the READMEs.
// Room: tests. In: the root of the tree. Out: one line for each broken rule; with --write, file tables are rewritten instead.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

const std::set<std::string> kRooms = {"bytecode-spec", "compiler", "vm", "gc", "devices", "stdlib", "tests", "tools", "examples", "cmake"};
constexpr std::string_view kTableBegin = "<!-- files -->", kTableEnd = "<!-- end of files -->";

std::string read_file(const fs::path& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

class Tidy {
 public:
  Tidy(fs::path root, bool write) : root_(std::move(root)), write_(write) {}

  int run() {
    collect();
    read_edges();
    for (const std::string& file : files_) {
      check_first_line(file);
      check_includes(file);
    }
    for (const std::string& file : files_) {
      if (fs::path(file).filename() == "README.md") check_table(file);
    }
    fmt::print("{} passed, {} failed\n", files_.size() - std::min(files_.size(), broken_.size()), broken_.size());
    return broken_.empty() ? 0 : 1;
  }

 private:
  void complain(const std::string& file, const std::string& what) {
    broken_.insert(file);
    fmt::print("{}: {}\n", file, what);
  }

  void collect() {
    for (auto at = fs::recursive_directory_iterator(root_); at != fs::recursive_directory_iterator(); ++at) {
      const std::string relative = fs::relative(at->path(), root_).string();
      const std::string top = *fs::path(relative).begin();
      if (at.depth() == 0 && at->is_directory() && !kRooms.contains(top)) {
        at.disable_recursion_pending();
      } else if (at->is_regular_file()) {
        files_.push_back(relative);
      }
    }
    std::ranges::sort(files_);
  }

  static bool has_plaque(const std::string& file) {
    static const std::set<std::string> kExtensions = {".h", ".cpp", ".inc", ".def", ".stark", ".skasm", ".fbs", ".cmake", ".py"};
    const fs::path path(file);
    if (kExtensions.contains(path.extension().string()) || path.filename() == "CMakeLists.txt") return true;
    return path.parent_path() == "tools" && path.extension().empty();
  }

  // `// path — purpose.`, with a path that is true.
  void check_first_line(const std::string& file) {
    if (!has_plaque(file)) return;
    const auto lines = lines_of(read_file(root_ / file));
    size_t at = !lines.empty() && lines[0].starts_with("#!") ? 1 : 0;
    const std::string line = at < lines.size() ? lines[at] : "";
    const size_t space = line.find(' ');
    const size_t dash = line.find(" — ");
    if (space == std::string::npos || dash == std::string::npos) return complain(file, "its first line does not say what it is");
    if (line.substr(space + 1, dash - space - 1) != file) return complain(file, "its first line names another path");
    purposes_[file] = line.substr(dash + 5);
  }

  void read_edges() {
    for (const std::string& line : lines_of(read_file(root_ / "tests/tidy/edges.txt"))) {
      if (line.empty() || line[0] == '#') continue;
      std::stringstream words(line);
      std::string room, seen;
      words >> room;
      auto& may = edges_[room];
      while (words >> seen) may.insert(seen);
    }
  }
  // The most specific room of the table that contains the file.
  std::string room_of(const std::string& file) const {
    std::string best;
    for (const auto& [room, may] : edges_) {
      if (file.starts_with(room + "/") && room.size() > best.size()) best = room;
    }
    return best;
  }
  void check_includes(const std::string& file) {
    const std::string room = room_of(file);
    if (room.empty()) return;
    for (const std::string& line : lines_of(read_file(root_ / file))) {
      if (!line.starts_with("#include \"")) continue;
      const std::string target = line.substr(10, line.rfind('"') - 10);
      const std::string other = room_of(target);
      if (other.empty() || other == room || edges_.at(room).contains(other)) continue;
      complain(file, fmt::format("{} may not see {} (it includes {})", room, other, target));
    }
  }

  // A README with the markers lists the files of its folder by their first lines.
  void check_table(const std::string& readme) {
    const std::string text = read_file(root_ / readme);
    const size_t begin = text.find(kTableBegin), end = text.find(kTableEnd);
    if (begin == std::string::npos || end == std::string::npos) return;
    const std::string folder = fs::path(readme).parent_path().string();
    std::string table = fmt::format("{}\n| file | what |\n|---|---|\n", kTableBegin);
    for (const auto& [file, purpose] : purposes_) {
      if (fs::path(file).parent_path() == folder) table += fmt::format("| `{}` | {} |\n", fs::path(file).filename().string(), purpose);
    }
    if (text.substr(begin, end - begin) == table) return;
    if (!write_) return complain(readme, "its file table is out of date: run `tools/dev map`");
    std::ofstream(root_ / readme) << text.substr(0, begin) << table << text.substr(end);
  }

  fs::path root_;
  bool write_;
  std::vector<std::string> files_;
  std::map<std::string, std::string> purposes_;
  std::map<std::string, std::set<std::string>> edges_;
  std::set<std::string> broken_;
};

}  // namespace

int main(int argc, char** argv) {
  const bool write = argc > 1 && std::string_view(argv[1]) == "--write";
  const char* root = argc > 1 + write ? argv[1 + write] : ".";
  return Tidy(root, write).run();
}
