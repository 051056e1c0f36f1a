// bytecode-spec/writer.cpp — encodes a module and lays it out as a file.
// Room: bytecode-spec. In: Module, segment bytes. Out: the canonical bytes of a .skbc file.
#include "bytecode-spec/writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>

#include "bytecode-spec/container.h"
#include "bytecode-spec/errors.h"

namespace stark::spec {
namespace {

#define ROWS(member, Struct) static_assert(sizeof(Struct) == sizeof(fbs::Struct) && alignof(Struct) == alignof(fbs::Struct));
#define WORDS(member, type)
#include "bytecode-spec/sections.def"

// A file that is written under another name and appears under its own only when it is whole.
class AtomicFile {
 public:
  explicit AtomicFile(const std::filesystem::path& path)
      : path_(path), temporary_(path.string() + fmt::format(".{}.tmp", ::getpid())) {
    fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  }
  ~AtomicFile() {
    if (fd_ >= 0) {
      ::close(fd_);
      ::unlink(temporary_.c_str());
    }
  }
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  bool is_open() const { return fd_ >= 0; }
  bool write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) return false;
      bytes = bytes.subspan(static_cast<size_t>(n));
    }
    return true;
  }
  bool pad(uint64_t count) {
    static constexpr std::byte kZeros[kSegmentAlign] = {};
    return write({kZeros, count});
  }
  bool commit() {
    const bool closed = ::close(fd_) == 0;
    fd_ = -1;
    if (closed && ::rename(temporary_.c_str(), path_.c_str()) == 0) return true;
    ::unlink(temporary_.c_str());
    return false;
  }

 private:
  std::filesystem::path path_;
  std::string temporary_;
  int fd_ = -1;
};

std::span<const std::byte> bytes_of(const flatbuffers::FlatBufferBuilder& builder) {
  return {reinterpret_cast<const std::byte*>(builder.GetBufferPointer()), builder.GetSize()};
}

}  // namespace

uint64_t program_hash(std::span<const std::byte> program, size_t hash_at) {
  static constexpr std::byte kZeros[8] = {};
  XXH3_state_t state;
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, program.data(), hash_at);
  XXH3_64bits_update(&state, kZeros, sizeof kZeros);
  XXH3_64bits_update(&state, program.data() + hash_at + 8, program.size() - hash_at - 8);
  return XXH3_64bits_digest(&state);
}

std::vector<std::byte> encode_program(const Module& module) {
  flatbuffers::FlatBufferBuilder builder(1 << 16);
#define ROWS(member, Struct) \
  const auto member =        \
      builder.CreateVectorOfStructs(reinterpret_cast<const fbs::Struct*>(module.member.data()), module.member.size());
#define WORDS(member, type) const auto member = builder.CreateVector<type>(module.member.data(), module.member.size());
#include "bytecode-spec/sections.def"
  const fbs::Header header(kFormatVersion, module.entry, 0, 0);
  fbs::ProgramBuilder program(builder);
  program.add_header(&header);
#define ROWS(member, Struct) program.add_##member(member);
#define WORDS(member, type) program.add_##member(member);
#include "bytecode-spec/sections.def"
  fbs::FinishProgramBuffer(builder, program.Finish());

  std::vector<std::byte> bytes(bytes_of(builder).begin(), bytes_of(builder).end());
  auto* written = const_cast<fbs::Header*>(fbs::GetProgram(bytes.data())->header());
  written->mutate_program_bytes(bytes.size());
  written->mutate_hash(program_hash(bytes, hash_offset(bytes.data(), *written)));
  return bytes;
}

void lay_out_segments(Module& module, std::span<const std::span<const std::byte>> segments) {
  uint64_t offset = 0;
  for (size_t i = 0; i < module.segments.size(); ++i) {
    SegmentRow& row = module.segments[i];
    offset = align_segment(offset);
    row.offset = offset;
    row.length = segments[i].size();
    row.hash = XXH3_64bits(segments[i].data(), segments[i].size());
    offset += row.length;
  }
}

Result<void> write_bundle(const std::filesystem::path& path, Module& module,
                          std::span<const std::span<const std::byte>> segments) {
  lay_out_segments(module, segments);
  const std::vector<std::byte> program = encode_program(module);
  AtomicFile file(path);
  const auto broken = [&] {
    return refuse(SpecError::CannotWrite, fmt::format("cannot write `{}`: {}", path.string(), std::strerror(errno)));
  };
  if (!file.is_open() || !file.write(program)) return broken();
  uint64_t at = program.size();
  for (const auto& segment : segments) {
    if (!file.pad(align_segment(at) - at) || !file.write(segment)) return broken();
    at = align_segment(at) + segment.size();
  }
  if (!file.commit()) return broken();
  return {};
}

}  // namespace stark::spec
