// bytecode-spec/reader.h — opens a .skbc file: container proven, program decoded, segments left mapped and untouched.
// Room: bytecode-spec, public face. In: a path or bytes. Out: Bundle, or an Error with a code of errors.def (S01…).
// Law: any bytes give a Bundle or an Error; memory stays within a constant factor of the program part.
#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/module.h"

namespace stark::spec {

// A whole file mapped privately: pages come in when they are read, writes stay in this process.
class MappedFile {
 public:
  static Result<MappedFile> open(const std::filesystem::path& path);
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();
  std::span<const std::byte> bytes() const { return {data_, size_}; }

 private:
  MappedFile() = default;
  const std::byte* data_ = nullptr;
  size_t size_ = 0;
};

struct Bundle {
  Module module;
  uint64_t program_hash = 0;    // XXH3 of the program part
  uint64_t program_bytes = 0;   // length of the program part
  std::span<const std::byte> segments;  // everything after it
  std::shared_ptr<const MappedFile> file;  // keeps `segments`; null when made from bytes

  std::span<const std::byte> segment(uint32_t index) const {
    const SegmentRow& row = module.segments[index];
    return segments.subspan(row.offset, row.length);
  }
};

Result<Bundle> open_bundle(const std::filesystem::path& path);
// `bytes` must outlive the bundle.
Result<Bundle> decode_bundle(std::span<const std::byte> bytes);
// Compares every segment with its hash; reads them all.
Result<void> check_segment_hashes(const Bundle& bundle);

}  // namespace stark::spec
