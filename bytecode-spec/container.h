// bytecode-spec/container.h — where things stand in a .skbc file: the program part, then segments on 4 KiB boundaries.
// Room: bytecode-spec, private to reader and writer. Law: both compute every position here and nowhere else.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "bytecode-spec/limits.h"
#include "skbc_generated.h"

namespace stark::spec {

static_assert(std::endian::native == std::endian::little, "bundles are mapped as they are");

inline constexpr uint64_t align_segment(uint64_t offset) { return (offset + kSegmentAlign - 1) / kSegmentAlign * kSegmentAlign; }

// XXH3 of the program part, the eight bytes of the hash itself taken as zero. `hash_at` is their offset.
uint64_t program_hash(std::span<const std::byte> program, size_t hash_at);

// Offset of the header's hash field within an encoded program.
inline size_t hash_offset(const std::byte* program, const fbs::Header& header) {
  const auto at = reinterpret_cast<const std::byte*>(&header) - program;
  return static_cast<size_t>(at) + 16;  // version, entry, program_bytes
}

}  // namespace stark::spec
