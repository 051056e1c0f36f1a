// compiler/source/source_map.h — every text of a compilation, and where in it a byte stands.
// Room: source, public face. In: paths or texts. Out: FileId, lines, columns.
// Law: a file's text never moves or changes once added; lines and columns count from 1, columns in characters.
#pragma once

#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "compiler/source/span.h"

namespace stark {

struct Position {
  uint32_t line = 1, column = 1;
};

class SourceMap {
 public:
  // The path is what messages show; `shipped` marks the standard library's own text.
  FileId add(std::string path, std::string text, bool shipped = false);
  Result<FileId> load(const std::filesystem::path& path);

  std::string_view text(FileId file) const { return files_[file.index()].text; }
  const std::string& path(FileId file) const { return files_[file.index()].path; }
  bool shipped(FileId file) const { return files_[file.index()].shipped; }
  std::string_view text(Span span) const { return text(span.file).substr(span.begin, span.end - span.begin); }
  size_t size() const { return files_.size(); }

  Position position(FileId file, uint32_t offset) const;
  // The text of a line without its end, and the offset of its first byte.
  std::string_view line(FileId file, uint32_t line) const;
  uint32_t line_begin(FileId file, uint32_t line) const { return files_[file.index()].line_begins[line - 1]; }

 private:
  struct File {
    std::string path, text;
    bool shipped = false;
    std::vector<uint32_t> line_begins;
  };
  std::deque<File> files_;
};

}  // namespace stark
