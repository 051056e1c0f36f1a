// tests/bench/programs/nbody.c — numbers in structs: five bodies under gravity for n steps.
// Room: tests. In: n. Out: the energy at the end.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  double x, y, z, vx, vy, vz, mass;
} Body;

#define PI 3.141592653589793
#define SOLAR_MASS (4.0 * PI * PI)
#define YEAR 365.24
#define COUNT 5

static Body all[COUNT] = {
    {0, 0, 0, 0, 0, 0, SOLAR_MASS},
    {4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01, 1.66007664274403694e-03 * YEAR,
     7.69901118419740425e-03 * YEAR, -6.90460016972063023e-05 * YEAR, 9.54791938424326609e-04 * SOLAR_MASS},
    {8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01, -2.76742510726411021e-03 * YEAR,
     4.99852801234917238e-03 * YEAR, 2.30417297573763929e-05 * YEAR, 2.85885980666130812e-04 * SOLAR_MASS},
    {1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01, 2.96460137564761618e-03 * YEAR,
     2.37847173959480950e-03 * YEAR, -2.96589568540237556e-05 * YEAR, 4.36624404335156298e-05 * SOLAR_MASS},
    {1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01, 2.68067772490389322e-03 * YEAR,
     1.62824170038242295e-03 * YEAR, -9.51592254519715870e-05 * YEAR, 5.15138902046611451e-05 * SOLAR_MASS},
};

static void offset_momentum(void) {
  double px = 0, py = 0, pz = 0;
  for (int i = 0; i < COUNT; ++i) {
    px += all[i].vx * all[i].mass;
    py += all[i].vy * all[i].mass;
    pz += all[i].vz * all[i].mass;
  }
  all[0].vx = -px / SOLAR_MASS;
  all[0].vy = -py / SOLAR_MASS;
  all[0].vz = -pz / SOLAR_MASS;
}

static double energy(void) {
  double e = 0;
  for (int i = 0; i < COUNT; ++i) {
    const Body* a = &all[i];
    e += 0.5 * a->mass * (a->vx * a->vx + a->vy * a->vy + a->vz * a->vz);
    for (int j = i + 1; j < COUNT; ++j) {
      const Body* b = &all[j];
      const double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      e -= a->mass * b->mass / sqrt(dx * dx + dy * dy + dz * dz);
    }
  }
  return e;
}

static void advance(double dt) {
  for (int i = 0; i < COUNT; ++i) {
    Body* a = &all[i];
    for (int j = i + 1; j < COUNT; ++j) {
      Body* b = &all[j];
      const double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
      const double square = dx * dx + dy * dy + dz * dz;
      const double pull = dt / (square * sqrt(square));
      const double from_b = b->mass * pull, from_a = a->mass * pull;
      a->vx -= dx * from_b;
      a->vy -= dy * from_b;
      a->vz -= dz * from_b;
      b->vx += dx * from_a;
      b->vy += dy * from_a;
      b->vz += dz * from_a;
    }
  }
  for (int i = 0; i < COUNT; ++i) {
    all[i].x += dt * all[i].vx;
    all[i].y += dt * all[i].vy;
    all[i].z += dt * all[i].vz;
  }
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 1000000;
  offset_momentum();
  for (long i = 0; i < n; ++i) advance(0.01);
  printf("%.9f\n", energy());
  return 0;
}
