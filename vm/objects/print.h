// vm/objects/print.h — writes values as text: numbers, text, containers, structs, by their type alone.
// Room: vm/objects. In: a type, the address of a value, a format specification. Out: text appended to a string.
// Law: floats print as the shortest text that reads back; what prints twice prints the same.
#pragma once

#include <string>

#include "vm/objects/format_spec.h"
#include "vm/objects/type_tables.h"
#include "vm/objects/values.h"

namespace stark::vm {

// Prints what an owned handle stands for; given by the room that knows tensors.
using HandlePrinter = void (*)(void* user, std::string& out, const void* handle, const FormatSpec& spec);

struct Printer {
  TypeTables types;
  HandlePrinter tensor = nullptr;
  void* user = nullptr;

  void print(std::string& out, uint32_t type, const std::byte* address, const FormatSpec& spec) const;
  // A scalar or text whose kind alone is known: a constant.
  void print_scalar(std::string& out, TypeKind kind, const std::byte* address, const FormatSpec& spec) const;
};

// Adds `text` with fill up to the width of the specification; `number` tells the default alignment.
void pad(std::string& out, std::string_view text, const FormatSpec& spec, bool number);
void print_float(std::string& out, double value, bool is_f32, const FormatSpec& spec);
// As `print_float`, plain: what `{}` gives.
std::string float_text(double value, bool is_f32);
void print_integer(std::string& out, bool negative, uint64_t magnitude, uint32_t bits, const FormatSpec& spec);
void print_quoted(std::string& out, std::string_view text);
void append_letter(std::string& out, char32_t letter);
void print_device(std::string& out, DeviceValue device);

}  // namespace stark::vm
