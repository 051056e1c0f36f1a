// compiler/types/safetensors.h — a safetensors file, mapped and looked through with distrust.
// Room: types, private. In: a path. Out: the tensors by name, as spans of the mapping.
// Law: every span lies inside the file, none overlaps another, and its length is what dtype and shape say.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "bytecode-spec/tensor/dtype.h"

namespace stark::types {

struct StoredTensor {
  std::string dtype;  // as the file says: "F32"
  std::optional<spec::DType> known;
  std::vector<int64_t> shape;
  std::span<const std::byte> bytes;
};

struct Safetensors {
  std::map<std::string, StoredTensor> tensors;
  std::shared_ptr<const void> mapping;
};

// Error codes: "path", "corrupt" or "header".
Result<Safetensors> open_safetensors(const std::filesystem::path& path);

}  // namespace stark::types
