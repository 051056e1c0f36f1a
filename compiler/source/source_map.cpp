// compiler/source/source_map.cpp — keeps texts and their line starts.
// Room: source. In: paths or texts. Out: FileId, lines, columns.
#include "compiler/source/source_map.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "bytecode-spec/base/check.h"

namespace stark {

FileId SourceMap::add(std::string path, std::string text, bool shipped) {
  File file{std::move(path), std::move(text), shipped, {0}};
  for (size_t i = 0; i < file.text.size(); ++i)
    if (file.text[i] == '\n') file.line_begins.push_back(static_cast<uint32_t>(i + 1));
  files_.push_back(std::move(file));
  return FileId(files_.size() - 1);
}

Result<FileId> SourceMap::load(const std::filesystem::path& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error))
    return fail("S0001", "`" + path.string() + "` is a directory", "name a `.stark` file");
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("S0001", "cannot read `" + path.string() + "`", "check that the file exists and can be read");
  std::string text{std::istreambuf_iterator<char>(in), {}};
  if (text.size() > (1u << 30)) return fail("S0002", "`" + path.string() + "` is larger than 1 GiB");
  return add(path.string(), std::move(text));
}

Position SourceMap::position(FileId file, uint32_t offset) const {
  const File& f = files_[file.index()];
  const auto after = std::upper_bound(f.line_begins.begin(), f.line_begins.end(), offset);
  const auto number = static_cast<uint32_t>(after - f.line_begins.begin());
  uint32_t column = 1;
  for (uint32_t i = f.line_begins[number - 1]; i < offset && i < f.text.size(); ++i)
    column += (static_cast<unsigned char>(f.text[i]) & 0xC0) != 0x80 ? 1 : 0;
  return {number, column};
}

std::string_view SourceMap::line(FileId file, uint32_t number) const {
  const File& f = files_[file.index()];
  CHECK(number >= 1 && number <= f.line_begins.size());
  const std::string_view rest = std::string_view(f.text).substr(f.line_begins[number - 1]);
  std::string_view line = rest.substr(0, rest.find('\n'));
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

}  // namespace stark
