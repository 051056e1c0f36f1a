// bytecode-spec/base/error.h — what goes wrong because of input or environment: a stable code, a sentence, a mend.
// Room: base. In: —. Out: Error and Result<T>, carried by value through every room.
// Law: `code` is a stable identifier that `explain` knows; `message` is lower case, without a final period.
#pragma once

#include <expected>
#include <string>
#include <utility>

namespace stark {

struct Error {
  std::string code;     // "S0102", "V07", "D0003"
  std::string message;  // what was found
  std::string help;     // what to do about it; may be empty
};

template <class T>
using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(std::string code, std::string message, std::string help = {}) {
  return std::unexpected<Error>(Error{std::move(code), std::move(message), std::move(help)});
}

}  // namespace stark
