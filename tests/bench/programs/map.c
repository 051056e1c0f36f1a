// tests/bench/programs/map.c — a hash map of numbers: counts n keys as they come, and takes some out again.
// Room: tests. In: n. Out: entries left, and a checksum over them.
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
  int64_t key, count;
  bool used;
} Slot;
typedef struct {
  Slot* slots;
  size_t mask, live;
} Map;

static size_t home(const Map* m, int64_t key) {
  const uint64_t hash = (uint64_t)key * 0x9E3779B97F4A7C15u;
  return (hash ^ hash >> 32) & m->mask;
}

// The slot of the key, or the free one where it belongs.
static Slot* find(const Map* m, int64_t key) {
  size_t at = home(m, key);
  while (m->slots[at].used && m->slots[at].key != key) at = (at + 1) & m->mask;
  return &m->slots[at];
}

static void grow(Map* m) {
  const Map old = *m;
  m->mask = old.mask * 2 + 1;
  m->slots = calloc(m->mask + 1, sizeof *m->slots);
  for (size_t i = 0; i <= old.mask; ++i) {
    if (old.slots[i].used) *find(m, old.slots[i].key) = old.slots[i];
  }
  free(old.slots);
}

static int64_t* entry(Map* m, int64_t key) {
  Slot* slot = find(m, key);
  if (!slot->used) {
    if ((m->live + 1) * 4 > (m->mask + 1) * 3) {
      grow(m);
      slot = find(m, key);
    }
    *slot = (Slot){key, 0, true};
    ++m->live;
  }
  return &slot->count;
}

// What the key had, or 0; those behind it move up so that no gap stays.
static int64_t take(Map* m, int64_t key) {
  Slot* slot = find(m, key);
  if (!slot->used) return 0;
  const int64_t count = slot->count;
  size_t gap = (size_t)(slot - m->slots);
  for (size_t at = (gap + 1) & m->mask; m->slots[at].used; at = (at + 1) & m->mask) {
    if (((at - home(m, m->slots[at].key)) & m->mask) < ((at - gap) & m->mask)) continue;
    m->slots[gap] = m->slots[at];
    gap = at;
  }
  m->slots[gap].used = false;
  --m->live;
  return count;
}

int main(int argc, char** argv) {
  const int64_t n = argc > 1 ? atol(argv[1]) : 1500000;
  Map counts = {calloc(8, sizeof(Slot)), 7, 0};
  int64_t random = 42, removed = 0;
  for (int64_t i = 0; i < n; ++i) {
    random = random * 16807 % 2147483647;
    *entry(&counts, random % 50000) += 1;
    if (i % 3 == 0) removed += take(&counts, random % 49999);
    if (find(&counts, i)->used) ++removed;
  }
  int64_t checksum = 0;
  for (size_t i = 0; i <= counts.mask; ++i) {
    if (counts.slots[i].used) checksum += counts.slots[i].key * counts.slots[i].count % 1009;
  }
  printf("%zu %ld %ld\n", counts.live, removed, checksum);
  return 0;
}
