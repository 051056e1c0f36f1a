// compiler/source/span.h — a stretch of source text: file, first byte, one past the last.
// Room: source. Law: begin ≤ end ≤ size of the file; a span is 12 bytes and carried by value everywhere.
#pragma once

#include <cstdint>

#include "bytecode-spec/base/id.h"

namespace stark {

using FileId = Id<struct FileTag>;

struct Span {
  FileId file;
  uint32_t begin = 0, end = 0;
  friend bool operator==(const Span&, const Span&) = default;
};

// The smallest span that covers both; both in one file.
inline Span join(Span a, Span b) {
  return {a.file, a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}

}  // namespace stark
