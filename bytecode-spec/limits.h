// bytecode-spec/limits.h — the largest bundle that is accepted: one line per limit, shared by compiler and verifier.
// Room: bytecode-spec. Law: anything past a line is refused with V40, never attempted.
#pragma once

#include <cstdint>

namespace stark::spec {

inline constexpr uint32_t kFormatVersion = 1;
inline constexpr uint32_t kSegmentAlign = 4096;          // bytes
inline constexpr uint64_t kMaxProgramBytes = 1u << 30;   // the FlatBuffers part
inline constexpr uint32_t kMaxRegisters = 1u << 16;      // of one function
inline constexpr uint32_t kMaxRegions = 1u << 23;        // of one function's own
inline constexpr uint32_t kMaxProjections = 4;           // of one place
inline constexpr uint32_t kMaxTypeDepth = 64;            // nesting of types by value
inline constexpr uint64_t kMaxTypeBytes = 1u << 20;      // size of one value
inline constexpr uint64_t kMaxFrameBytes = 1u << 20;     // registers of one function
inline constexpr uint32_t kMaxParameters = 255;
inline constexpr uint32_t kMaxRegionArguments = 64;      // of one type or signature
inline constexpr uint32_t kMaxOutlives = 65 * 65;        // pairs of one signature
inline constexpr uint32_t kMaxMethods = 1024;            // of one dyn
inline constexpr uint32_t kDeviceKinds = 5;              // CPU, CUDA, OpenCL, Vulkan, null; a `Device` is one of them, then an ordinal
inline constexpr uint32_t kMaxVTableFunctions = 1u << 16;  // of all vtables together
inline constexpr uint32_t kMaxForeigns = 1u << 14;
inline constexpr uint32_t kMaxForeignBytes = 4096;       // of a struct that goes to C or comes from it by value
inline constexpr uint32_t kMaxStatics = 1u << 14;
inline constexpr uint64_t kMaxStaticBytes = 1u << 24;      // of all statics together, as values of their types

}  // namespace stark::spec
