// tests/bench/programs/mandelbrot.c — arithmetic of floats: iterations over a picture of n by n points.
// Room: tests. In: n. Out: points inside, and the iterations of all.
#include <stdio.h>
#include <stdlib.h>

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 900;
  long inside = 0, total = 0;
  for (long row = 0; row < n; ++row) {
    const double ci = 2.0 * (double)row / (double)n - 1.0;
    for (long column = 0; column < n; ++column) {
      const double cr = 2.0 * (double)column / (double)n - 1.5;
      double zr = 0, zi = 0;
      long left = 100;
      for (; left > 0; --left) {
        const double rr = zr * zr, ii = zi * zi;
        if (rr + ii > 4.0) break;
        zi = 2.0 * zr * zi + ci;
        zr = rr - ii + cr;
      }
      if (left == 0) ++inside;
      total += 100 - left;
    }
  }
  printf("%ld %ld\n", inside, total);
  return 0;
}
