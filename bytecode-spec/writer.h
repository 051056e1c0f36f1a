// bytecode-spec/writer.h — writes a module as a .skbc file, in the one canonical form.
// Room: bytecode-spec, public face. In: Module and the bytes of its segments. Out: bytes, or a file replaced atomically.
// Law: the same module gives the same bytes, always.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/module.h"

namespace stark::spec {

// The FlatBuffers part alone; segment rows must be complete (see lay_out_segments).
std::vector<std::byte> encode_program(const Module& module);
// Fills offset, length and hash of every segment row from the bytes, in order.
void lay_out_segments(Module& module, std::span<const std::span<const std::byte>> segments);
// Lays out the segments, then writes program and segments to `path` by way of a temporary file and a rename.
Result<void> write_bundle(const std::filesystem::path& path, Module& module,
                          std::span<const std::span<const std::byte>> segments);

}  // namespace stark::spec
