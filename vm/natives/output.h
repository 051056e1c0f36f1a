// vm/natives/output.h — Output: what a program prints, with a buffer of our own, and what is told of it.
// Room: vm/natives. In: text. Out: text where the sinks say, in order, at flush() at the latest.
// Law: threads may write at once, a line stays whole; nothing printed is lost: whoever ends the program flushes first. Lines show at once on a terminal.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace stark::vm {

// Where text goes: to a descriptor, or to whoever runs the program.
struct Sink {
  Sink(int to) : descriptor(to) {}  // NOLINT: a descriptor is one
  int descriptor;
  void (*write)(void* user, std::string_view text) = nullptr;
  void* user = nullptr;
};
// All of it, whatever it takes; false when the other side is gone.
bool write_all(const Sink& to, std::string_view text);

class Output {
 public:
  // Of both together no more than `limit` bytes: what the program prints, and what it prints as errors.
  Output(Sink out, Sink errors, uint64_t limit);
  ~Output() { flush(); }
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;

  // False when it does not fit under the limit; then nothing of it goes out.
  bool write(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    return append(text, 0);
  }
  bool write_line(std::string_view text) {
    const std::scoped_lock lock(mutex_);
    if (!append(text, 1)) return false;
    buffer_ += '\n';
    if (is_terminal_) send();
    return true;
  }
  // As errors, behind what was printed before.
  bool write_error(std::string_view text);
  // What is told of the program, not by it: no limit counts it.
  void tell(std::string_view text);
  void flush();
  // When the first text came, on the steady clock; 0 before.
  int64_t first_ns() const { return first_ns_; }

 private:
  // `behind`: bytes that follow.
  bool append(std::string_view text, size_t behind) {
    if (text.size() + behind > left_) [[unlikely]] return false;
    left_ -= text.size() + behind;
    if (first_ns_ == 0) [[unlikely]] mark_first();
    if (buffer_.size() + text.size() > kCapacity) send();
    buffer_.append(text);
    return true;
  }
  void send();
  void mark_first();
  static constexpr size_t kCapacity = size_t{64} << 10;
  std::mutex mutex_;
  const Sink out_, errors_;
  uint64_t left_;
  int64_t first_ns_ = 0;
  bool is_terminal_;
  std::string buffer_;
};

}  // namespace stark::vm
