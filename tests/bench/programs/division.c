// tests/bench/programs/division.c — division of integers: the sum of digits of numbers in bases from 2 to n.
// Room: tests. In: n. Out: the sum.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t digit_sum(int64_t number, int64_t base) {
  int64_t sum = 0;
  for (int64_t left = number; left > 0; left /= base) sum += left % base;
  return sum;
}

int main(int argc, char** argv) {
  const int64_t n = argc > 1 ? atol(argv[1]) : 20000;
  int64_t total = 0;
  for (int64_t base = 2; base <= n; ++base) {
    for (int64_t number = 0; number < 1000; ++number) total += digit_sum(number * 7919 + base, base);
  }
  printf("%ld\n", total);
  return 0;
}
