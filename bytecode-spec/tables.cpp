// bytecode-spec/tables.cpp — the arrays behind tables.h, made from the .def files.
// Room: bytecode-spec. In: rows. Out: constant arrays.
#include "bytecode-spec/tables.h"

namespace stark::spec {
namespace {

constexpr TypeKindRow kTypeKinds[] = {
#define TYPE_KIND(name, text, size, align, flags) {text, size, align, flags},
#include "bytecode-spec/types.def"
};

constexpr OpcodeRow kOpcodes[] = {
#define OP(name, text, operands, rule, flow) {text, operands, Rule::rule, Flow::flow},
#include "bytecode-spec/opcodes.def"
};

// The last column of natives.def: `None`, or a row of capabilities.def.
namespace needs {
constexpr std::optional<Capability> None;
#define CAPABILITY(name, text) constexpr std::optional<Capability> name = Capability::name;
#include "bytecode-spec/capabilities.def"
}  // namespace needs

constexpr NativeRow kNatives[] = {
#define NATIVE(name, text, signature, blocking, capability) {text, signature, Blocking::blocking, needs::capability},
#include "bytecode-spec/natives.def"
};

constexpr std::string_view kOpaques[] = {
#define OPAQUE(name, text) text,
#include "bytecode-spec/opaques.def"
};

constexpr std::string_view kCapabilities[] = {
#define CAPABILITY(name, text) text,
#include "bytecode-spec/capabilities.def"
};

}  // namespace

std::span<const TypeKindRow> type_kinds() { return kTypeKinds; }
std::span<const OpcodeRow> opcodes() { return kOpcodes; }
std::span<const NativeRow> native_rows() { return kNatives; }
std::span<const std::string_view> opaques() { return kOpaques; }
std::span<const std::string_view> capabilities() { return kCapabilities; }

}  // namespace stark::spec
