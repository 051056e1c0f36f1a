// tests/foreign/shapes.c — functions of C that take and give structs, call back, keep what they are given, and wait.
// Room: tests. In: calls from library.stark. Out: what a C compiler makes of them.
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct Point { double x, y; };
struct Small { uint8_t a; int16_t b; };
struct Mixed { float f; int32_t i; double d; int8_t c; };
struct Big { int64_t all[6]; float last; };
struct Nested { struct Small small; struct Point point; bool flag; };
struct One { int16_t value; };

struct Point middle(struct Point a, struct Point b) { return (struct Point){(a.x + b.x) / 2, (a.y + b.y) / 2}; }
struct Small small(struct Small s, int8_t more) { return (struct Small){(uint8_t)(s.a + more), (int16_t)(s.b * more)}; }
struct Mixed mixed(struct Mixed m) { return (struct Mixed){m.f * 2, m.i * 2, m.d * 2, (int8_t)(m.c * 2)}; }
struct Big big(struct Big b, int64_t add) {
  for (int i = 0; i < 6; ++i) b.all[i] += add;
  b.last += (float)add;
  return b;
}
struct Nested nested(struct Nested n) {
  n.small.a++, n.point.y = -n.point.y, n.flag = !n.flag;
  return n;
}
struct One one(struct One o) { return (struct One){(int16_t)-o.value}; }
int8_t narrow(int8_t a, uint8_t b, int16_t c, uint16_t d) { return (int8_t)(a + b + c + d); }
bool both(bool a, bool b) { return a && b; }
float half(float x) { return x / 2; }
double many(int a, double b, int c, double d, int e, double f, int g, double h, int i, double j, int k, double l) { return a + b + c + d + e + f + g + h + i + j + k + l; }
void fill(struct Point *points, size_t count) {
  for (size_t i = 0; i < count; ++i) points[i] = (struct Point){(double)i, (double)(i * i)};
}
int64_t sum(int count, ...) {
  va_list list;
  int64_t all = 0;
  va_start(list, count);
  for (int i = 0; i < count; ++i) all += i % 2 ? (int64_t)va_arg(list, double) : va_arg(list, int64_t);
  va_end(list);
  return all;
}

int32_t apply(int32_t (*f)(int32_t), int32_t x) { return f(x); }
struct Point map_point(struct Point (*f)(struct Point, float), struct Point p) { return f(p, 0.5f); }
int8_t twice(int8_t (*f)(int8_t), int8_t x) { return f(f(x)); }
void each(void (*f)(void *, int32_t), void *with, int32_t count) {
  for (int32_t i = 0; i < count; ++i) f(with, i);
}

struct Call { int32_t (*f)(int32_t); int32_t x; };
static void *call(void *given) {
  struct Call *c = given;
  c->x = c->f(c->x);
  return NULL;
}
int32_t on_thread(int32_t (*f)(int32_t), int32_t x) {
  struct Call c = {f, x};
  pthread_t thread;
  pthread_create(&thread, NULL, call, &c);
  pthread_join(thread, NULL);
  return c.x;
}

static const char *kept;
void keep(const char *text) { kept = text; }
char kept_at(int i) { return kept[i]; }
void wait_ms(int ms, uint8_t *bytes, size_t count) {
  struct timespec t = {0, ms * 1000000L};
  for (size_t i = 0; i < count; ++i) bytes[i] = 1;
  nanosleep(&t, NULL);
  for (size_t i = 0; i < count; ++i) bytes[i] = (uint8_t)(bytes[i] + i);
}
