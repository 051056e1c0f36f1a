// examples/embed/embed.c — a program in C that runs a bundle: it grants nothing, passes tensors without copies, survives a panic and a limit.
// Room: examples. Build and run: see README.md. In: the path of model.skbc. Out: what each call gave; exit status 0 if all went as it should.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/api/stark.h"

// Ends the example where something is not as it should be.
static void must(stark_status *status) {
  if (!status) return;
  fprintf(stderr, "error[%s]: %s\n%s", stark_status_code(status), stark_status_message(status), stark_status_trace(status));
  exit(1);
}

// What should go wrong does, and is told.
static void fails(stark_status *status, stark_kind kind, const char *what) {
  if (stark_status_kind(status) != kind) exit((fprintf(stderr, "%s: ended with %d: %s\n", what, (int)stark_status_kind(status), stark_status_message(status)), 1));
  printf("%s: %s%s\n", what, stark_status_message(status), stark_status_is_over(status) ? " (the instance is over)" : "");
  stark_status_free(status);
}

static void print(void *user, int stream, const char *text, size_t length) {
  printf("[%s %d] %.*s", (const char *)user, stream, (int)length, text);
}

int main(int argc, char **argv) {
  if (argc < 2) return fprintf(stderr, "usage: embed MODEL.skbc\n"), 64;

  stark_runtime *runtime;
  stark_module *module;
  must(stark_runtime_new(&runtime));
  must(stark_module_open(runtime, argv[1], &module));
  for (size_t i = 0; i < stark_module_export_count(module); ++i) printf("%s%s", i ? " " : "exports: ", stark_module_export(module, i));
  printf("\n");

  stark_options options;
  stark_options_init(&options, sizeof options);
  options.write = print;
  options.user = "model";
  options.fuel = 1000000;
  options.heap_limit = 16 << 20;
  stark_instance *instance;
  must(stark_instance_new(module, &options, &instance));

  stark_value result, numbers[2] = {stark_i32(40), stark_i32(2)};
  must(stark_call(instance, "add", numbers, 2, &result));
  printf("add: %d\n", (int)result.as.integer);

  stark_value name = stark_text("C", 1);
  must(stark_call(instance, "greet", &name, 1, &result));
  printf("greet: %s\n", result.as.text.bytes);
  stark_value_free(&result);
  must(stark_call(instance, "say", &name, 1, NULL));

  // The bundle looks at these elements where they are.
  float rows[2][3] = {{1, 2, 3}, {-1, -2, -3}}, weights[3][2] = {{1, 0}, {0, 1}, {1, 1}};
  const int64_t rows_shape[2] = {2, 3}, weights_shape[2] = {3, 2};
  stark_array x = {STARK_F32, 2, rows_shape, NULL, rows}, w = {STARK_F32, 2, weights_shape, NULL, weights};
  stark_value layer[2] = {stark_of_array(&x), stark_of_array(&w)};
  must(stark_call(instance, "layer", layer, 2, &result));
  stark_array seen;
  must(stark_tensor_look(result.as.tensor, &seen));
  const float *y = seen.data;
  printf("layer: [%g, %g], [%g, %g]\n", y[0], y[1], y[2], y[3]);
  stark_value_free(&result);

  // … and writes these.
  float line[2] = {1, 2};
  const int64_t line_shape[1] = {2};
  stark_array l = {STARK_F32, 1, line_shape, NULL, line};
  stark_value bump = stark_of_array(&l);
  must(stark_call(instance, "bump", &bump, 1, NULL));
  printf("bump: [%g, %g]\n", line[0], line[1]);

  // A panic is a status, and the instance goes on.
  stark_value element[2] = {stark_of_array(&l), stark_u64(7)};
  fails(stark_call(instance, "element", element, 2, &result), STARK_PANIC, "element");
  must(stark_call(instance, "add", numbers, 2, &result));
  printf("add: %d\n", (int)result.as.integer);

  // Without fuel it ends, wherever it is; then a new instance is needed.
  fails(stark_call(instance, "forever", NULL, 0, &result), STARK_LIMIT, "forever");
  fails(stark_call(instance, "add", numbers, 2, &result), STARK_USAGE, "add");

  stark_instance_free(instance);
  stark_module_free(module);
  stark_runtime_free(runtime);
  return 0;
}
