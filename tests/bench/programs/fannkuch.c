// tests/bench/programs/fannkuch.c — small integers in vectors: pancake flips over all permutations of n.
// Room: tests. In: n. Out: a checksum and the most flips.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

static void fannkuch(size_t n, long* checksum, long* most) {
  size_t* order = malloc(n * sizeof *order);
  size_t* work = malloc(n * sizeof *work);
  size_t* count = malloc(n * sizeof *count);
  for (size_t i = 0; i < n; ++i) order[i] = i;
  bool even = true;
  size_t r = n;
  for (;;) {
    for (; r != 1; --r) count[r - 1] = r;
    for (size_t i = 0; i < n; ++i) work[i] = order[i];
    long flips = 0;
    for (size_t first = work[0]; first != 0; first = work[0]) {
      for (size_t low = 0, high = first; low < high; ++low, --high) {
        const size_t kept = work[low];
        work[low] = work[high];
        work[high] = kept;
      }
      ++flips;
    }
    if (flips > *most) *most = flips;
    *checksum += even ? flips : -flips;
    for (;;) {
      if (r == n) {
        free(order), free(work), free(count);
        return;
      }
      const size_t first = order[0];
      for (size_t i = 0; i < r; ++i) order[i] = order[i + 1];
      order[r] = first;
      if (--count[r] > 0) break;
      ++r;
    }
    even = !even;
  }
}

int main(int argc, char** argv) {
  long checksum = 0, most = 0;
  fannkuch(argc > 1 ? (size_t)atol(argv[1]) : 10, &checksum, &most);
  printf("%ld %ld\n", checksum, most);
  return 0;
}
