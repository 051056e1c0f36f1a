// tests/bench/programs/sieve.c — truth values in a vector: primes below a million, n times.
// Room: tests. In: n. Out: how many there are, all times together.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long count_primes(size_t limit) {
  bool* prime = malloc(limit);
  memset(prime, true, limit);
  long found = 0;
  for (size_t i = 2; i < limit; ++i) {
    if (!prime[i]) continue;
    ++found;
    for (size_t multiple = i * i; multiple < limit; multiple += i) prime[multiple] = false;
  }
  free(prime);
  return found;
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 40;
  long total = 0;
  for (long round = 0; round < n; ++round) total += count_primes((size_t)(1000000 - round));
  printf("%ld\n", total);
  return 0;
}
