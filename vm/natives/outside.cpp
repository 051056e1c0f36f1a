// vm/natives/outside.cpp — a thread that listens to descriptors, and a few that do what blocks; each begins when it is first needed.
// Room: vm/natives. In: see outside.h.
#include "vm/natives/outside.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace stark::vm {
namespace {

constexpr uint64_t kBell = UINT64_MAX;

}  // namespace

Outside::~Outside() {
  {
    const std::scoped_lock lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  if (listener_.joinable()) {
    const uint64_t one = 1;
    while (write(bell_, &one, sizeof one) < 0 && errno == EINTR) {}
    listener_.join();
  }
  for (std::thread& worker : workers_) worker.join();
  if (events_ >= 0) close(events_);
  if (bell_ >= 0) close(bell_);
}

bool Outside::start_listening() {
  if (listener_.joinable()) return true;
  if (events_ < 0) events_ = epoll_create1(EPOLL_CLOEXEC);
  if (bell_ < 0) bell_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = kBell;
  if (events_ < 0 || bell_ < 0 || epoll_ctl(events_, EPOLL_CTL_ADD, bell_, &event) != 0) return false;
  listener_ = std::thread([this] { listen(); });
  return true;
}

// Told once; whoever waits on asks again. A descriptor that is closed is forgotten by the system.
bool Outside::watch(int descriptor, bool writes, uint64_t queue) {
  {
    const std::scoped_lock lock(mutex_);
    if (!start_listening()) return false;
  }
  epoll_event event{};
  event.events = EPOLLONESHOT | EPOLLRDHUP | (writes ? EPOLLOUT : EPOLLIN);
  event.data.u64 = queue;
  if (epoll_ctl(events_, EPOLL_CTL_MOD, descriptor, &event) == 0) return true;
  return errno == ENOENT && epoll_ctl(events_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void Outside::listen() {
  std::array<epoll_event, 64> ready;
  for (;;) {
    const int count = epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), -1);
    for (int i = 0; i < count; ++i) {
      if (ready[static_cast<size_t>(i)].data.u64 != kBell) lot_.wake(ready[static_cast<size_t>(i)].data.u64);
    }
    const std::scoped_lock lock(mutex_);
    if (ends_) return;
  }
}

void Outside::run(std::function<void()> work) {
  {
    const std::scoped_lock lock(mutex_);
    waiting_.push_back(std::move(work));
    if (free_ < waiting_.size() && workers_.size() < kMostWorkers) workers_.emplace_back([this] { this->work(); });
  }
  changed_.notify_one();
}

void Outside::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++free_;
    changed_.wait(lock, [&] { return ends_ || !waiting_.empty(); });
    --free_;
    if (ends_) return;
    const std::function<void()> next = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

}  // namespace stark::vm
