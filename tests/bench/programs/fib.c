// tests/bench/programs/fib.c — calls: the n-th Fibonacci number by plain recursion.
// Room: tests. In: n. Out: the number.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static int64_t fib(int64_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

int main(int argc, char** argv) {
  printf("%ld\n", fib(argc > 1 ? atol(argv[1]) : 38));
  return 0;
}
