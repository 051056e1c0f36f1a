// vm/natives/files.cpp — whole files, read and written by threads that may block, while the fiber waits.
// Room: vm/natives. In: paths, bytes. Out: bytes, or the negative of the system's error number.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include <fmt/format.h>

#include "gc/handle.h"
#include "vm/natives/table.h"

namespace stark::vm {
namespace {

struct FileWork {
  std::atomic<bool> is_done{false};
  int error = 0;
  const Grants* grants = nullptr;
  std::string path;
  std::vector<std::byte> bytes;
  int flags = 0;  // of a file that is written
  size_t most = 0;  // bytes of a file that is read
};

bool may(NativeCall& call, spec::Capability capability, std::string_view path) {
  if (call.host.options.grants.has_path(capability, path)) return true;
  const std::string_view name = spec::capabilities()[static_cast<size_t>(capability)];
  call.host.fail(Exit::Permission, fmt::format("`{}` needs `{}`, which is not allowed here", path, name), fmt::format("run with `--allow={}={}`", name, path));
  return false;
}

int read_all(FileWork& work) {
  const int file = work.grants->open(spec::Capability::FsRead, work.path, O_RDONLY);
  if (file < 0) return -file;
  struct stat facts {};
  if (fstat(file, &facts) == 0 && S_ISREG(facts.st_mode)) work.bytes.reserve(static_cast<size_t>(facts.st_size) + 1);
  for (;;) {
    const size_t had = work.bytes.size();
    work.bytes.resize(std::max(work.bytes.capacity(), had + 4096));
    const ssize_t count = read(file, work.bytes.data() + had, work.bytes.size() - had);
    work.bytes.resize(had + static_cast<size_t>(std::max<ssize_t>(count, 0)));
    if (work.bytes.size() > work.most) return close(file), ENOMEM;
    if (count > 0 || (count < 0 && errno == EINTR)) continue;
    const int error = count < 0 ? errno : 0;
    close(file);
    return error;
  }
}

int write_everything(const FileWork& work) {
  const int file = work.grants->open(spec::Capability::FsWrite, work.path, work.flags | O_WRONLY | O_CREAT);
  if (file < 0) return -file;
  for (size_t done = 0; done < work.bytes.size();) {
    const ssize_t count = write(file, work.bytes.data() + done, work.bytes.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      const int error = errno;
      close(file);
      return error;
    }
    done += static_cast<size_t>(count);
  }
  return close(file) == 0 ? 0 : errno;
}

// Null until the work is done.
template <class Prepare, class Do>
FileWork* done_outside(NativeCall& call, Prepare prepare, Do act) {
  Waiting& waiting = call.waiting();
  if (waiting.work == nullptr) {
    auto work = std::make_shared<FileWork>();
    work->grants = &call.host.options.grants;
    prepare(*work);
    waiting.phase = 1, waiting.work = work, waiting.seen = call.host.runtime.threads.lot.next_identity();
    call.host.runtime.outside.run([work, act, &lot = call.host.runtime.threads.lot, queue = waiting.seen] {
      work->error = act(*work);
      work->is_done = true;
      lot.wake(queue);
    });
  }
  auto* work = static_cast<FileWork*>(waiting.work.get());
  return call.wait_outside(waiting.seen, [&] { return work->is_done.load(); }) ? work : nullptr;
}

}  // namespace

namespace natives {

void FileRead(NativeCall& call) {
  if (!may(call, spec::Capability::FsRead, call.text(0))) return;
  const FileWork* work = done_outside(call, [&](FileWork& w) { w.path = call.text(0), w.most = call.host.options.heap.limit; }, read_all);
  if (work == nullptr) return;
  const auto& offsets = call.types().facts(call.site.result.type).field_offsets;
  const uint32_t element = call.types().row(call.types().field_type(call.types().fields(call.site.result.type), 1)).a;
  VecValue bytes;
  if (!work->bytes.empty()) {
    bytes = {call.allocate(call.host.program.buffer_info(element), work->bytes.size()), work->bytes.size()};
    if (bytes.buffer == nullptr) return;
    std::memcpy(bytes.buffer->payload(), work->bytes.data(), work->bytes.size());
  }
  store(call.result() + offsets[0], -int64_t{work->error});
  store(call.result() + offsets[1], bytes);
}

void FileWrite(NativeCall& call) {
  if (!may(call, spec::Capability::FsWrite, call.text(0))) return;
  const FileWork* work = done_outside(
      call,
      [&](FileWork& w) {
        const FatRef from = call.get<FatRef>(1);
        w.path = call.text(0);
        w.bytes.assign(from.address, from.address + from.length);
        w.flags = call.get<uint8_t>(2) != 0 ? O_APPEND : O_TRUNC;
      },
      write_everything);
  if (work != nullptr) call.give<int64_t>(-int64_t{work->error});
}

void IoErrorText(NativeCall& call) {
  const int64_t number = call.get<int64_t>(0);
  call.give_text(fmt::format("{} (os error {})", std::strerror(static_cast<int>(number)), number));
}

}  // namespace natives
}  // namespace stark::vm
