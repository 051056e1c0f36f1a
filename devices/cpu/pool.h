// devices/cpu/pool.h — Pool: the threads of the device `cpu`, started when the first large piece of work comes.
// Room: devices/cpu. In: a number of pieces and a function of one. Out: all pieces done when each() returns.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace stark::devices::cpu {

class Pool {
 public:
  ~Pool();
  // The caller works too. Pieces run in any order, each once.
  void each(int64_t pieces, const std::function<void(int64_t)>& work);

 private:
  void start();
  void serve();
  void take_pieces();

  std::vector<std::thread> threads_;
  std::mutex mutex_;
  std::condition_variable wake_, done_;
  const std::function<void(int64_t)>* work_ = nullptr;
  std::atomic<int64_t> next_ = 0;
  int64_t pieces_ = 0;
  size_t busy_ = 0;
  uint64_t round_ = 0;
  bool stop_ = false;
};

}  // namespace stark::devices::cpu
