// tests/bench/fiber_switch.cpp — how long two bare fibers of Boost.Context take to hand the turn to each other.
// Room: tests. In: how often. Out: nanoseconds a switch, a line for each round.
#include <boost/context/fiber.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const long switches = argc > 1 ? std::atol(argv[1]) : 10'000'000;
  const int rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  for (int round = 0; round < rounds; ++round) {
    boost::context::fiber other([](boost::context::fiber&& back) {
      for (;;) back = std::move(back).resume();
      return std::move(back);
    });
    const auto begin = std::chrono::steady_clock::now();
    for (long i = 0; i < switches / 2; ++i) other = std::move(other).resume();
    const std::chrono::duration<double, std::nano> taken = std::chrono::steady_clock::now() - begin;
    std::printf("%f\n", taken.count() / static_cast<double>(switches));
  }
}
