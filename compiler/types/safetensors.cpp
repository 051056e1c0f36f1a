// compiler/types/safetensors.cpp — eight bytes of length, a JSON header, then the bytes of the tensors.
// Room: types. In: a path. Out: Safetensors.
#include "compiler/types/safetensors.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>

namespace stark::types {
namespace {

struct Mapping {
  void* begin = nullptr;
  size_t size = 0;
  ~Mapping() {
    if (begin != nullptr) munmap(begin, size);
  }
};

Result<std::shared_ptr<Mapping>> map_file(const std::filesystem::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return fail("path", std::strerror(errno));
  struct stat facts {};
  auto out = std::make_shared<Mapping>();
  const bool good = fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
  if (good && facts.st_size > 0) {
    out->size = static_cast<size_t>(facts.st_size);
    void* begin = mmap(nullptr, out->size, PROT_READ, MAP_PRIVATE, file, 0);
    if (begin != MAP_FAILED) out->begin = begin;
  }
  close(file);
  if (!good) return fail("path", "it is no regular file");
  if (out->begin == nullptr) return fail("corrupt", out->size == 0 ? "it is empty" : "it cannot be mapped");
  return out;
}

std::optional<spec::DType> known_dtype(std::string word) {
  if (word == "BOOL") return spec::DType::Bool;
  std::ranges::transform(word, word.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return spec::dtype_from_name(word);
}

// One entry of the header; `data` are the bytes after it.
Result<StoredTensor> read_tensor(const std::string& name, const nlohmann::json& entry, std::span<const std::byte> data) {
  const auto wrong = [&](std::string_view why) { return fail("header", fmt::format("`{}` {}", name, why)); };
  if (!entry.is_object() || !entry.contains("dtype") || !entry["dtype"].is_string()) return wrong("has no element type");
  if (!entry.contains("shape") || !entry["shape"].is_array()) return wrong("has no shape");
  if (!entry.contains("data_offsets") || !entry["data_offsets"].is_array() || entry["data_offsets"].size() != 2) return wrong("has no offsets");
  StoredTensor out;
  out.dtype = entry["dtype"].get<std::string>();
  out.known = known_dtype(out.dtype);
  uint64_t count = 1;
  for (const auto& dim : entry["shape"]) {
    if (!dim.is_number_unsigned()) return wrong("has a dim that is no number");
    const auto value = dim.get<uint64_t>();
    if (value > INT64_MAX || __builtin_mul_overflow(count, value, &count)) return wrong("is too large");
    out.shape.push_back(static_cast<int64_t>(value));
  }
  const auto &first = entry["data_offsets"][0], &last = entry["data_offsets"][1];
  if (!first.is_number_unsigned() || !last.is_number_unsigned()) return wrong("has offsets that are no numbers");
  const auto begin = first.get<uint64_t>(), end = last.get<uint64_t>();
  if (begin > end || end > data.size()) return wrong(fmt::format("claims bytes {}..{}, and there are {}", begin, end, data.size()));
  if (out.known) {
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(count, static_cast<uint64_t>(spec::dtype_bytes(*out.known)), &bytes) || bytes != end - begin)
      return wrong(fmt::format("claims {} bytes, and its shape needs {}", end - begin, bytes));
  }
  out.bytes = data.subspan(begin, end - begin);
  return out;
}

Result<void> no_overlap(const std::map<std::string, StoredTensor>& tensors) {
  std::vector<std::pair<std::span<const std::byte>, std::string_view>> all;
  for (const auto& [name, tensor] : tensors)
    if (!tensor.bytes.empty()) all.emplace_back(tensor.bytes, name);
  std::ranges::sort(all, {}, [](const auto& one) { return one.first.data(); });
  for (size_t i = 1; i < all.size(); ++i)
    if (all[i - 1].first.data() + all[i - 1].first.size() > all[i].first.data())
      return fail("header", fmt::format("`{}` and `{}` overlap", all[i - 1].second, all[i].second));
  return {};
}

}  // namespace

Result<Safetensors> open_safetensors(const std::filesystem::path& path) {
  const auto mapping = map_file(path);
  if (!mapping) return std::unexpected(mapping.error());
  const std::span bytes(static_cast<const std::byte*>((*mapping)->begin), (*mapping)->size);
  uint64_t length = 0;
  if (bytes.size() < 8) return fail("corrupt", fmt::format("it has {} bytes, and the header's length alone has 8", bytes.size()));
  std::memcpy(&length, bytes.data(), 8);
  if (length > bytes.size() - 8) return fail("corrupt", fmt::format("its header should have {} bytes, and {} are left", length, bytes.size() - 8));
  const char* text = reinterpret_cast<const char*>(bytes.data()) + 8;
  const auto header = nlohmann::json::parse(text, text + length, nullptr, false);
  if (header.is_discarded() || !header.is_object()) return fail("corrupt", "its header is no JSON object");
  Safetensors out;
  out.mapping = *mapping;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    auto tensor = read_tensor(name, entry, bytes.subspan(8 + length));
    if (!tensor) return std::unexpected(tensor.error());
    out.tensors.emplace(name, std::move(*tensor));
  }
  if (auto good = no_overlap(out.tensors); !good) return std::unexpected(good.error());
  return out;
}

}  // namespace stark::types
