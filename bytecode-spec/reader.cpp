// bytecode-spec/reader.cpp — proves the container of a .skbc file and decodes its program part.
// Room: bytecode-spec. In: hostile bytes. Out: Bundle or Error S01…S08. The order of the checks is the order of the functions.
#include "bytecode-spec/reader.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <algorithm>
#include <cerrno>

#include "bytecode-spec/container.h"
#include "bytecode-spec/errors.h"
#include "bytecode-spec/writer.h"

namespace stark::spec {
namespace {

// FlatBuffers' own verifier: offsets and vectors lie inside the file. The schema is flat, so this is quick on any input.
Result<const fbs::Program*> check_flatbuffer(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  if (bytes.size() < 64 || !fbs::ProgramBufferHasIdentifier(data)) {
    return refuse(SpecError::NotABundle, "this is not a .skbc bundle");
  }
  const size_t bound = std::min<size_t>(bytes.size(), kMaxProgramBytes);
  flatbuffers::Verifier verifier(data, bound, 8, 64);
  if (!fbs::VerifyProgramBuffer(verifier)) {
    return refuse(SpecError::BadContainer, "the tables of the bundle are damaged or cut off");
  }
  const fbs::Program* program = fbs::GetProgram(data);
  if (program->header() == nullptr) return refuse(SpecError::BadContainer, "the bundle has no header");
  return program;
}

Result<void> check_header(std::span<const std::byte> bytes, const fbs::Header& header) {
  if (header.version() != kFormatVersion) {
    return refuse(SpecError::Version, fmt::format("the bundle has format version {}; this program reads version {}",
                                                  header.version(), kFormatVersion));
  }
  const uint64_t size = header.program_bytes();
  if (size > bytes.size() || size > kMaxProgramBytes) {
    return refuse(SpecError::Truncated, fmt::format("the bundle's program has {} bytes; the file has {}", size, bytes.size()));
  }
  const size_t hash_at = hash_offset(bytes.data(), header);
  if (hash_at + 8 > size) return refuse(SpecError::BadContainer, "the header lies outside the program");
  if (program_hash(bytes.first(size), hash_at) != header.hash()) {
    return refuse(SpecError::BadHash, "the program of the bundle does not match its hash");
  }
  return {};
}

// Vectors that share bytes could make a small file decode into a large module.
Result<void> check_total_size(const fbs::Program& program, uint64_t program_bytes) {
  uint64_t total = 0;
#define ROWS(member, Struct) total += program.member() == nullptr ? 0 : uint64_t{program.member()->size()} * sizeof(Struct);
#define WORDS(member, type) total += program.member() == nullptr ? 0 : uint64_t{program.member()->size()} * sizeof(type);
#include "bytecode-spec/sections.def"
  if (total > program_bytes) return refuse(SpecError::NotCanonical, "tables of the bundle overlap");
  return {};
}

template <class Row, class Vector>
void copy_rows(std::vector<Row>& to, const Vector* from) {
  if (from == nullptr || from->size() == 0) return;
  to.resize(from->size());
  std::memcpy(to.data(), from->Data(), sizeof(Row) * to.size());
}

Module decode(const fbs::Program& program) {
  Module module;
  module.entry = program.header()->entry();
#define ROWS(member, Struct) copy_rows(module.member, program.member());
#define WORDS(member, type) copy_rows(module.member, program.member());
#include "bytecode-spec/sections.def"
  return module;
}

// One canonical form: encoding what was decoded gives the same bytes. Absent vectors, padding and order are thereby settled.
Result<void> check_canonical(std::span<const std::byte> program, const Module& module) {
  const std::vector<std::byte> again = encode_program(module);
  if (!std::ranges::equal(again, program)) {
    return refuse(SpecError::NotCanonical, "the tables of the bundle are not in canonical form");
  }
  return {};
}

// Segments are contiguous, aligned and in order, and end where the file ends.
Result<void> check_segments(const Module& module, uint64_t program_bytes, uint64_t file_bytes) {
  uint64_t end = 0;
  for (size_t i = 0; i < module.segments.size(); ++i) {
    const SegmentRow& row = module.segments[i];
    if (row.offset != align_segment(end) || row.length > file_bytes || row.offset > file_bytes) {
      return refuse(SpecError::BadSegment, fmt::format("segment {} does not follow the one before it", i));
    }
    end = row.offset + row.length;
  }
  const uint64_t expected = module.segments.empty() ? program_bytes : align_segment(program_bytes) + end;
  if (file_bytes < expected) {
    return refuse(SpecError::Truncated, fmt::format("the file has {} bytes of {}", file_bytes, expected));
  }
  if (file_bytes > expected) {
    return refuse(SpecError::BadSegment, fmt::format("{} bytes follow the end of the bundle", file_bytes - expected));
  }
  return {};
}

}  // namespace

Result<MappedFile> MappedFile::open(const std::filesystem::path& path) {
  const auto broken = [&](int error) {
    return refuse(SpecError::CannotOpen, fmt::format("cannot open `{}`: {}", path.string(), std::strerror(error)));
  };
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return broken(errno);
  struct stat status {};
  MappedFile file;
  if (::fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(fd);
    return broken(S_ISDIR(status.st_mode) ? EISDIR : EINVAL);
  }
  file.size_ = static_cast<size_t>(status.st_size);
  if (file.size_ > 0) {
    void* address = ::mmap(nullptr, file.size_, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    const int error = errno;
    if (address == MAP_FAILED) {
      ::close(fd);
      file.size_ = 0;
      return broken(error);
    }
    file.data_ = static_cast<const std::byte*>(address);
  }
  ::close(fd);
  return file;
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) ::munmap(const_cast<std::byte*>(data_), size_);
}

Result<Bundle> decode_bundle(std::span<const std::byte> bytes) {
  const auto program = check_flatbuffer(bytes);
  if (!program) return std::unexpected(program.error());
  const fbs::Header& header = *(*program)->header();
  if (auto ok = check_header(bytes, header); !ok) return std::unexpected(ok.error());
  const uint64_t program_bytes = header.program_bytes();
  if (auto ok = check_total_size(**program, program_bytes); !ok) return std::unexpected(ok.error());
  Bundle bundle;
  bundle.module = decode(**program);
  bundle.program_hash = header.hash();
  bundle.program_bytes = program_bytes;
  if (auto ok = check_canonical(bytes.first(program_bytes), bundle.module); !ok) return std::unexpected(ok.error());
  if (auto ok = check_segments(bundle.module, program_bytes, bytes.size()); !ok) return std::unexpected(ok.error());
  if (!bundle.module.segments.empty()) bundle.segments = bytes.subspan(align_segment(program_bytes));
  return bundle;
}

Result<Bundle> open_bundle(const std::filesystem::path& path) {
  auto file = MappedFile::open(path);
  if (!file) return std::unexpected(file.error());
  auto shared = std::make_shared<const MappedFile>(std::move(*file));
  auto bundle = decode_bundle(shared->bytes());
  if (!bundle) {
    bundle.error().message = fmt::format("{}: {}", path.string(), bundle.error().message);
    return bundle;
  }
  bundle->file = std::move(shared);
  return bundle;
}

Result<void> check_segment_hashes(const Bundle& bundle) {
  uint64_t end = 0;
  for (uint32_t i = 0; i < bundle.module.segments.size(); ++i) {
    const SegmentRow& row = bundle.module.segments[i];
    const auto gap = bundle.segments.subspan(end, row.offset - end);
    const auto bytes = bundle.segment(i);
    if (XXH3_64bits(bytes.data(), bytes.size()) != row.hash || std::ranges::any_of(gap, [](std::byte b) { return b != std::byte{}; })) {
      return refuse(SpecError::BadHash, fmt::format("segment {} (`{}`) does not match its hash", i,
                                                    i < bundle.module.segments.size() ? bundle.module.text_of(row.name) : ""));
    }
    end = row.offset + row.length;
  }
  return {};
}

}  // namespace stark::spec
