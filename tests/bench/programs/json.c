// tests/bench/programs/json.c — a text is read into a tree and written again, n times.
// Room: tests. In: n. Out: bytes written, and the sum of all numbers.
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  char* data;
  size_t length, capacity;
} Text;
typedef enum { NONE, BOOL, NUMBER, TEXT, LIST, OBJECT } Kind;
typedef struct Json {
  Kind kind;
  bool yes;
  double number;
  Text text, name;  // `name`: where this is a field of an object
  struct Json* items;
  size_t count, capacity;
} Json;

static void append(Text* t, const char* data, size_t length) {
  if (t->length + length > t->capacity) {
    t->capacity = (t->length + length) * 2;
    t->data = realloc(t->data, t->capacity);
  }
  memcpy(t->data + t->length, data, length);
  t->length += length;
}
static void push(Text* t, char letter) { append(t, &letter, 1); }
static void add(Text* t, const char* text) { append(t, text, strlen(text)); }

static Text source;
static size_t at;

static char peek(void) { return at < source.length ? source.data[at] : 0; }
static void blanks(void) {
  while (peek() == ' ' || peek() == '\n') ++at;
}
static bool is_next(char letter) {
  blanks();
  if (peek() != letter) return false;
  ++at;
  return true;
}

static Text read_text(void) {
  Text out = {0};
  for (++at; peek() != '"'; ++at) {
    if (peek() == '\\') ++at;
    push(&out, peek());
  }
  ++at;
  return out;
}

static double digits(void) {
  double value = 0;
  for (; peek() >= '0' && peek() <= '9'; ++at) value = value * 10 + (peek() - '0');
  return value;
}

static double read_number(void) {
  const bool negative = is_next('-');
  double value = digits();
  if (peek() == '.') {
    const size_t from = ++at;
    double fraction = digits();
    for (size_t i = from; i < at; ++i) fraction /= 10;
    value += fraction;
  }
  return negative ? -value : value;
}

static Json* new_item(Json* whole) {
  if (whole->count == whole->capacity) {
    whole->capacity = whole->capacity == 0 ? 4 : whole->capacity * 2;
    whole->items = realloc(whole->items, whole->capacity * sizeof(Json));
  }
  memset(&whole->items[whole->count], 0, sizeof(Json));
  return &whole->items[whole->count++];
}

static Json read_value(void) {
  Json value = {0};
  blanks();
  switch (peek()) {
    case 'n': at += 4; break;
    case 't': at += 4, value.kind = BOOL, value.yes = true; break;
    case 'f': at += 5, value.kind = BOOL; break;
    case '"': value.kind = TEXT, value.text = read_text(); break;
    case '[':
      value.kind = LIST;
      for (++at; !is_next(']'); is_next(',')) {
        Json* item = new_item(&value);
        *item = read_value();
      }
      break;
    case '{':
      value.kind = OBJECT;
      for (++at; !is_next('}');) {
        Json* field = new_item(&value);
        const Text name = read_text();
        is_next(':');
        *field = read_value();
        field->name = name;
        if (is_next(',')) blanks();
      }
      break;
    default: value.kind = NUMBER, value.number = read_number();
  }
  return value;
}

static void write_text(Text text, Text* out) {
  push(out, '"');
  for (size_t i = 0; i < text.length; ++i) {
    if (text.data[i] == '"' || text.data[i] == '\\') push(out, '\\');
    push(out, text.data[i]);
  }
  push(out, '"');
}

static void write_value(const Json* v, Text* out) {
  char number[32];
  switch (v->kind) {
    case NONE: add(out, "null"); break;
    case BOOL: add(out, v->yes ? "true" : "false"); break;
    case NUMBER:
      snprintf(number, sizeof number, "%ld", (long)(v->number * 100));
      add(out, number);
      break;
    case TEXT: write_text(v->text, out); break;
    case LIST:
    case OBJECT:
      push(out, v->kind == LIST ? '[' : '{');
      for (size_t i = 0; i < v->count; ++i) {
        if (i > 0) push(out, ',');
        if (v->kind == OBJECT) write_text(v->items[i].name, out), push(out, ':');
        write_value(&v->items[i], out);
      }
      push(out, v->kind == LIST ? ']' : '}');
  }
}

static double sum_of(const Json* v) {
  double sum = v->kind == NUMBER ? v->number : 0;
  for (size_t i = 0; i < v->count; ++i) sum += sum_of(&v->items[i]);
  return sum;
}

static void end(Json* v) {
  for (size_t i = 0; i < v->count; ++i) end(&v->items[i]);
  free(v->items), free(v->text.data), free(v->name.data);
}

static void example(void) {
  char part[400];
  push(&source, '[');
  for (int i = 0; i < 200; ++i) {
    if (i > 0) add(&source, ",\n");
    snprintf(part, sizeof part, "{\"id\": %d, \"name\": \"number \\\"%d\\\"\", \"price\": %d.25, \"tags\": [\"a\", \"bc\", \"def\"], ", i, i * 7, i);
    add(&source, part);
    snprintf(part, sizeof part, "\"box\": {\"left\": %d, \"right\": %d, \"open\": true}, \"next\": null}", -i, i * 3);
    add(&source, part);
  }
  push(&source, ']');
}

int main(int argc, char** argv) {
  const long n = argc > 1 ? atol(argv[1]) : 300;
  example();
  size_t written = 0;
  double sum = 0;
  for (long round = 0; round < n; ++round) {
    at = 0;
    Json value = read_value();
    sum += sum_of(&value);
    Text out = {0};
    write_value(&value, &out);
    written += out.length;
    end(&value), free(out.data);
  }
  printf("%zu %.2f\n", written, sum);
  return 0;
}
