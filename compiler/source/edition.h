// compiler/source/edition.h — the dialects of the language.
// Room: source. Law: a stage that differs between editions asks Names::edition; what both have is written once.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stark {

enum class Edition : uint8_t { Stark, CoreV1 };

inline std::optional<Edition> edition_named(std::string_view name) {
  if (name == "stark") return Edition::Stark;
  if (name == "core-v1") return Edition::CoreV1;
  return {};
}

}  // namespace stark
