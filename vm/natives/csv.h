// vm/natives/csv.h — CsvRows: the rows of a file of numbers, read in order, as far as they are asked for.
// Room: vm/natives. In: a path. Out: the header's names; numbers of one row at a time, or an Error with file:line:column.
// Law: no more of the file is read than one buffer beyond the last row asked for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "vm/natives/grants.h"

namespace stark::vm {

// Lines of a file through one buffer.
class LineReader {
 public:
  LineReader() = default;
  LineReader(LineReader&& other) noexcept;
  LineReader& operator=(LineReader&& other) noexcept;
  ~LineReader();
  static Result<LineReader> open(const Grants& grants, const std::string& path);

  // False at the end. The line is without its end, and good until the next call.
  bool next(std::string_view& line);
  uint64_t line_number() const { return line_; }

 private:
  bool fill();
  int descriptor_ = -1;
  std::string buffer_;
  size_t at_ = 0;
  uint64_t line_ = 0;
  bool ended_ = false;
};

class CsvRows {
 public:
  // `target`: name of the column that is not an input; empty for the last one.
  static Result<CsvRows> open(const Grants& grants, std::string path, std::string_view target);

  size_t inputs() const { return columns_.size() - 1; }
  // Passes rows without looking into them; false when the file has fewer.
  bool skip(int64_t rows);
  // Appends the inputs of the next row; false at the end of the file.
  Result<bool> next(std::vector<float>& inputs, std::vector<int64_t>& targets);

 private:
  bool next_row(std::string_view& line);
  std::unexpected<Error> wrong(std::string_view line, std::string_view cell, std::string what) const;

  std::string path_;
  LineReader lines_;
  std::vector<std::string> columns_;
  size_t target_ = 0;
};

}  // namespace stark::vm
