// vm/natives/output.h — Output: standard output with a buffer of our own.
// Room: vm/natives. In: text. Out: bytes on a descriptor, in order, at flush() at the latest.
// Law: threads may write at once, a line stays whole; nothing printed is lost: whoever ends the program flushes first. Lines show at once on a terminal.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace stark::vm {

class Output {
 public:
  explicit Output(int descriptor = 1);
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  void write(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    append(text);
  }
  void write_line(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    append(text);
    buffer_ += '\n';
    if (is_terminal_) send();
  }
  void flush();
  // When the first text came, on the steady clock; 0 before.
  int64_t first_ns() const { return first_ns_; }

 private:
  void append(std::string_view text) {
    if (first_ns_ == 0) [[unlikely]] mark_first();
    if (buffer_.size() + text.size() > kCapacity) send();
    buffer_.append(text);
  }
  void send();
  void mark_first();
  static constexpr size_t kCapacity = size_t{64} << 10;
  std::mutex mutex_;
  int descriptor_;
  int64_t first_ns_ = 0;
  bool is_terminal_;
  std::string buffer_;
};

// All of it, whatever it takes; false when the other side is gone.
bool write_all(int descriptor, std::string_view text);

}  // namespace stark::vm
