// vm/natives/outside.h — what fibers wait for outside of the program: sockets that become ready, and work that blocks a thread.
// Room: vm/natives. Essay: vm/run/README.md, "Fibers". In: descriptors, pieces of work. Out: wake-ups by way of the ParkingLot.
// Law: its threads never touch the heap; they end before what they wake.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "vm/natives/threads.h"

namespace stark::vm {

class Outside {
 public:
  explicit Outside(ParkingLot& lot) : lot_(lot) {}
  ~Outside();
  Outside(const Outside&) = delete;

  // Wakes the queue once the descriptor can be read (written), or has failed. False when the system refuses.
  bool watch(int descriptor, bool writes, uint64_t queue);
  // Runs the work on one of a few threads that may block.
  void run(std::function<void()> work);

 private:
  void listen();
  void work();
  bool start_listening();

  static constexpr size_t kMostWorkers = 4;
  ParkingLot& lot_;
  std::mutex mutex_;  // of what follows
  int events_ = -1, bell_ = -1;
  std::thread listener_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::thread> workers_;
  size_t free_ = 0;
  bool ends_ = false;
};

}  // namespace stark::vm
