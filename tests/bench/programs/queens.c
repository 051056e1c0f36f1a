// tests/bench/programs/queens.c — recursion over vectors of truth values: ways to put n queens on a board.
// Room: tests. In: n. Out: how many there are.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  size_t n;
  bool *columns, *rising, *falling;
} Board;

static bool is_free(const Board* b, size_t row, size_t column) {
  return !b->columns[column] && !b->rising[row + column] && !b->falling[row + b->n - column];
}

static void put(Board* b, size_t row, size_t column, bool on) {
  b->columns[column] = on;
  b->rising[row + column] = on;
  b->falling[row + b->n - column] = on;
}

static long ways(Board* b, size_t row) {
  if (row == b->n) return 1;
  long found = 0;
  for (size_t column = 0; column < b->n; ++column) {
    if (!is_free(b, row, column)) continue;
    put(b, row, column, true);
    found += ways(b, row + 1);
    put(b, row, column, false);
  }
  return found;
}

int main(int argc, char** argv) {
  const size_t n = argc > 1 ? (size_t)atol(argv[1]) : 13;
  Board b = {n, calloc(n, 1), calloc(2 * n, 1), calloc(2 * n, 1)};
  printf("%ld\n", ways(&b, 0));
  return 0;
}
