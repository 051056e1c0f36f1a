// devices/cpu/pool.cpp — a few threads that share the pieces of one job at a time.
// Room: devices/cpu. In: a job. Out: its pieces done.
#include "devices/cpu/pool.h"

namespace stark::devices::cpu {

Pool::~Pool() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void Pool::start() {
  const unsigned processors = std::thread::hardware_concurrency();
  for (unsigned i = 1; i < processors; ++i) threads_.emplace_back([this] { serve(); });
}

void Pool::take_pieces() {
  for (int64_t piece = next_.fetch_add(1); piece < pieces_; piece = next_.fetch_add(1)) (*work_)(piece);
}

void Pool::serve() {
  uint64_t seen = 0;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [&] { return stop_ || round_ != seen; });
    if (stop_) return;
    seen = round_;
    lock.unlock();
    take_pieces();
    lock.lock();
    if (--busy_ == 0) done_.notify_one();
  }
}

void Pool::each(int64_t pieces, const std::function<void(int64_t)>& work) {
  if (pieces == 1) return work(0);
  if (threads_.empty()) start();
  {
    const std::lock_guard lock(mutex_);
    work_ = &work;
    pieces_ = pieces;
    next_ = 0;
    busy_ = threads_.size();
    ++round_;
  }
  wake_.notify_all();
  take_pieces();
  std::unique_lock lock(mutex_);
  done_.wait(lock, [&] { return busy_ == 0; });
}

}  // namespace stark::devices::cpu
