// tests/bench/programs/spectral_norm.c — vectors of floats: the spectral norm of an infinite matrix, cut off at n.
// Room: tests. In: n. Out: the norm.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static double entry(size_t i, size_t j) { return 1.0 / (double)((i + j) * (i + j + 1) / 2 + i + 1); }

static void times(size_t n, const double* v, double* out) {
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (size_t j = 0; j < n; ++j) sum += entry(i, j) * v[j];
    out[i] = sum;
  }
}

static void times_transposed(size_t n, const double* v, double* out) {
  for (size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (size_t j = 0; j < n; ++j) sum += entry(j, i) * v[j];
    out[i] = sum;
  }
}

int main(int argc, char** argv) {
  const size_t n = argc > 1 ? (size_t)atol(argv[1]) : 1200;
  double* u = malloc(n * sizeof *u);
  double* v = calloc(n, sizeof *v);
  double* between = calloc(n, sizeof *between);
  for (size_t i = 0; i < n; ++i) u[i] = 1;
  for (int round = 0; round < 10; ++round) {
    times(n, u, between);
    times_transposed(n, between, v);
    times(n, v, between);
    times_transposed(n, between, u);
  }
  double uv = 0, vv = 0;
  for (size_t i = 0; i < n; ++i) {
    uv += u[i] * v[i];
    vv += v[i] * v[i];
  }
  printf("%.9f\n", sqrt(uv / vv));
  free(u), free(v), free(between);
  return 0;
}
