// vm/natives/output.cpp — writing to descriptors, and to whoever runs the program.
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

Output::Output(Sink out, Sink errors, uint64_t limit)
    : out_(out), errors_(errors), left_(limit), is_terminal_(out.write != nullptr || is_terminal(out.descriptor)) {}

void Output::mark_first() {
  first_ns_ = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

void Output::flush() {
  const std::scoped_lock lock(mutex_);
  send();
}

void Output::send() {
  if (!buffer_.empty()) write_all(out_, buffer_);
  buffer_.clear();
}

bool Output::write_error(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  send();
  if (text.size() > left_) return false;
  left_ -= text.size();
  write_all(errors_, text);
  return true;
}

void Output::tell(std::string_view text) {
  const std::scoped_lock lock(mutex_);
  send();
  write_all(errors_, text);
}

bool write_all(const Sink& to, std::string_view text) {
  if (to.write != nullptr) return to.write(to.user, text), true;
  while (!text.empty()) {
    const ssize_t n = ::write(to.descriptor, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

}  // namespace stark::vm
