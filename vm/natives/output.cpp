// vm/natives/output.cpp — writing to descriptors.
// Room: vm/natives. In: see output.h.
#include "vm/natives/output.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace stark::vm {
namespace {

bool is_terminal(int descriptor) {
  struct stat about;
  return fstat(descriptor, &about) == 0 && S_ISCHR(about.st_mode) && isatty(descriptor) != 0;
}

}  // namespace

Output::Output(int descriptor) : descriptor_(descriptor), is_terminal_(is_terminal(descriptor)) {}

void Output::mark_first() {
  first_ns_ = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Output::flush() {
  const std::scoped_lock lock(mutex_);
  send();
}

void Output::send() {
  if (!buffer_.empty()) write_all(descriptor_, buffer_);
  buffer_.clear();
}

bool write_all(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace stark::vm
