// tests/bench/programs/matmul.c — vectors of vectors: the product of two n by n matrices.
// Room: tests. In: n. Out: the sum of all entries, and one of them.
#include <stdio.h>
#include <stdlib.h>

static double** matrix(size_t n, double scale) {
  double** rows = malloc(n * sizeof *rows);
  for (size_t i = 0; i < n; ++i) {
    rows[i] = malloc(n * sizeof **rows);
    for (size_t j = 0; j < n; ++j) rows[i][j] = scale * ((double)i - (double)j) * (double)(i + j);
  }
  return rows;
}

static double** product(size_t n, double** a, double** b) {
  double** rows = malloc(n * sizeof *rows);
  for (size_t i = 0; i < n; ++i) {
    rows[i] = malloc(n * sizeof **rows);
    for (size_t j = 0; j < n; ++j) {
      double sum = 0;
      for (size_t k = 0; k < n; ++k) sum += a[i][k] * b[k][j];
      rows[i][j] = sum;
    }
  }
  return rows;
}

int main(int argc, char** argv) {
  const size_t n = argc > 1 ? (size_t)atol(argv[1]) : 400;
  double** c = product(n, matrix(n, 1.0 / (double)(n * n)), matrix(n, 2.0 / (double)(n * n)));
  double sum = 0;
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) sum += c[i][j];
  }
  printf("%.6f %.6f\n", sum, c[n / 2][n / 2]);
  return 0;
}
