// tests/bench/programs/strings.c — texts: n of them are put together, cut into words, replaced in, and hashed byte by byte.
// Room: tests. In: n. Out: words of a kind, lengths, and a hash.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char* data;
  size_t length, capacity;
} Text;

static void append(Text* t, const char* data, size_t length) {
  if (t->length + length > t->capacity) {
    t->capacity = (t->length + length) * 2;
    t->data = realloc(t->data, t->capacity);
  }
  memcpy(t->data + t->length, data, length);
  t->length += length;
}

static Text replace(Text from, const char* what, const char* with) {
  Text out = {0};
  const size_t size = strlen(what);
  size_t at = 0;
  for (;;) {
    const char* found = memmem(from.data + at, from.length - at, what, size);
    if (found == NULL) break;
    append(&out, from.data + at, (size_t)(found - from.data) - at);
    append(&out, with, strlen(with));
    at = (size_t)(found - from.data) + size;
  }
  append(&out, from.data + at, from.length - at);
  return out;
}

int main(int argc, char** argv) {
  const int64_t n = argc > 1 ? atol(argv[1]) : 4000;
  int64_t alike = 0, hash = 7;
  size_t letters = 0;
  for (int64_t round = 0; round < n; ++round) {
    Text text = {0};
    for (int64_t i = 0; i < 200; ++i) {
      char number[32];
      append(&text, "item", 4);
      append(&text, number, (size_t)snprintf(number, sizeof number, "%ld", i * round % 1000));
      append(&text, " ", 1);
    }
    for (size_t at = 0; at < text.length;) {
      const char* word = text.data + at;
      const size_t length = (size_t)((char*)memchr(word, ' ', text.length - at) - word);
      letters += length;
      if ((length >= 5 && memcmp(word, "item1", 5) == 0) || (length == 6 && memcmp(word, "item77", 6) == 0)) ++alike;
      at += length + 1;
    }
    Text shorter = replace(text, "item", "x");
    letters += shorter.length;
    for (size_t i = 0; i < text.length; ++i) hash = (hash * 31 + (uint8_t)text.data[i]) % 1000003;
    free(shorter.data), free(text.data);
  }
  printf("%ld %zu %ld\n", alike, letters, hash);
  return 0;
}
