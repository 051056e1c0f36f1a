// vm/natives/csv.cpp — reading lines, cells and numbers.
// Room: vm/natives. In: see csv.h.
#include "vm/natives/csv.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace stark::vm {
namespace {

constexpr size_t kBuffer = size_t{256} << 10;

std::string_view trim(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  if (s.size() >= 2 && s.front() == '"' && s.back() == '"') s = s.substr(1, s.size() - 2);
  return s;
}

// Calls `visit` with each cell of a line.
template <class Visit>
void for_each_cell(std::string_view line, Visit visit) {
  for (size_t at = 0;;) {
    const size_t comma = line.find(',', at);
    visit(trim(line.substr(at, comma - at)));
    if (comma == std::string_view::npos) return;
    at = comma + 1;
  }
}

template <class T>
bool parse(std::string_view cell, T& value) {
  if (!cell.empty() && cell[0] == '+') cell.remove_prefix(1);
  const auto end = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  return end.ec == std::errc{} && end.ptr == cell.data() + cell.size();
}

bool parse_integer(std::string_view cell, int64_t& value) {
  if (parse(cell, value)) return true;
  double d = 0;
  if (!parse(cell, d) || std::floor(d) != d || std::fabs(d) > 9e18) return false;
  value = static_cast<int64_t>(d);
  return true;
}

}  // namespace

LineReader::LineReader(LineReader&& other) noexcept { *this = std::move(other); }
LineReader& LineReader::operator=(LineReader&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  std::swap(buffer_, other.buffer_);
  std::swap(at_, other.at_);
  std::swap(line_, other.line_);
  std::swap(ended_, other.ended_);
  return *this;
}
LineReader::~LineReader() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<LineReader> LineReader::open(const Grants& grants, const std::string& path) {
  LineReader reader;
  reader.descriptor_ = grants.open(spec::Capability::FsRead, path, O_RDONLY);
  if (reader.descriptor_ < 0) return fail("", fmt::format("cannot read `{}`: {}", path, std::strerror(-reader.descriptor_)), "is the path right, seen from here?");
  return reader;
}

bool LineReader::fill() {
  if (ended_) return false;
  buffer_.erase(0, at_);
  at_ = 0;
  const size_t held = buffer_.size();
  buffer_.resize(held + kBuffer);
  ssize_t n = -1;
  do n = ::read(descriptor_, buffer_.data() + held, kBuffer);
  while (n < 0 && errno == EINTR);
  buffer_.resize(held + static_cast<size_t>(std::max<ssize_t>(n, 0)));
  ended_ = n <= 0;
  return !ended_;
}

bool LineReader::next(std::string_view& line) {
  size_t end = std::string::npos;
  for (size_t from = 0;;) {
    end = buffer_.find('\n', at_ + from);
    if (end != std::string::npos) break;
    from = buffer_.size() - at_;
    if (fill()) continue;
    if (at_ == buffer_.size()) return false;
    end = buffer_.size();
    break;
  }
  line = std::string_view(buffer_).substr(at_, end - at_);
  at_ = std::min(end + 1, buffer_.size());
  ++line_;
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

Result<CsvRows> CsvRows::open(const Grants& grants, std::string path, std::string_view target) {
  auto lines = LineReader::open(grants, path);
  if (!lines) return std::unexpected(lines.error());
  CsvRows rows;
  rows.path_ = std::move(path);
  rows.lines_ = std::move(*lines);
  std::string_view header;
  if (!rows.next_row(header)) return fail("", fmt::format("`{}` is empty", rows.path_), "its first line must name the columns");
  if (header.starts_with("\xEF\xBB\xBF")) header.remove_prefix(3);
  for_each_cell(header, [&](std::string_view cell) { rows.columns_.emplace_back(cell); });
  const auto at = target.empty() ? rows.columns_.end() - 1 : std::ranges::find(rows.columns_, target);
  if (at == rows.columns_.end()) {
    return fail("", fmt::format("`{}` has no column `{}`", rows.path_, target), fmt::format("its columns are {}", fmt::join(rows.columns_, ", ")));
  }
  if (rows.columns_.size() < 2) return fail("", fmt::format("`{}` has one column: nothing is left to be an input", rows.path_));
  rows.target_ = static_cast<size_t>(at - rows.columns_.begin());
  return rows;
}

bool CsvRows::next_row(std::string_view& line) {
  while (lines_.next(line)) {
    if (!line.empty()) return true;
  }
  return false;
}

bool CsvRows::skip(int64_t rows) {
  std::string_view line;
  for (int64_t r = 0; r < rows; ++r) {
    if (!next_row(line)) return false;
  }
  return true;
}

std::unexpected<Error> CsvRows::wrong(std::string_view line, std::string_view cell, std::string what) const {
  return fail("", fmt::format("{}:{}:{}: {}", path_, lines_.line_number(), cell.data() - line.data() + 1, what));
}

Result<bool> CsvRows::next(std::vector<float>& inputs, std::vector<int64_t>& targets) {
  std::string_view line;
  if (!next_row(line)) return false;
  size_t column = 0;
  Result<bool> outcome = true;
  for_each_cell(line, [&](std::string_view cell) {
    const size_t c = column++;
    if (!outcome || c >= columns_.size()) return;
    if (c == target_) {
      int64_t value = 0;
      if (!parse_integer(cell, value)) outcome = wrong(line, cell, fmt::format("`{}` is not a whole number (column `{}`, the target)", cell, columns_[c]));
      targets.push_back(value);
    } else {
      float value = 0;
      if (!parse(cell, value)) outcome = wrong(line, cell, fmt::format("`{}` is not a number (column `{}`)", cell, columns_[c]));
      inputs.push_back(value);
    }
  });
  if (outcome && column != columns_.size()) {
    return wrong(line, line, fmt::format("{} values where the header names {} columns", column, columns_.size()));
  }
  return outcome;
}

}  // namespace stark::vm
