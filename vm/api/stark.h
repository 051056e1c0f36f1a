// vm/api/stark.h — the C interface of the STARK virtual machine: load a bundle, grant, call its functions, tensors in and out.
// Room: vm/api, public face. In: bundles, options, values. Out: results, or a status that says what went wrong.
//
// From a bundle to a result: a runtime loads modules, a module is a proven bundle, an instance is a module with memory of its own,
// a call runs one of its exported functions.
//
//   stark_runtime *runtime;  stark_module *module;  stark_instance *instance;
//   stark_status *s = stark_runtime_new(&runtime);
//   if (!s) s = stark_module_open(runtime, "model.skbc", &module);
//   if (!s) s = stark_instance_new(module, NULL, &instance);
//   stark_value argument = stark_f32(2), result;
//   if (!s) s = stark_call(instance, "scale", &argument, 1, &result);
//   if (s) { puts(stark_status_message(s)); stark_status_free(s); }
//
// A function that can fail returns a status, which is NULL when all went well and else belongs to the caller. Nothing is thrown, nothing
// is global, and no bundle ends the process: a panic, a limit or a missing grant is a status. (A broken invariant of the virtual
// machine itself aborts, with a line on standard error.)
//
// Threads: runtimes and modules may be used by any number of threads at once. An instance, and the tensors made in it, are for one thread
// at a time; a call into an instance that is in a call is refused. Handles are freed in any order: each keeps what it needs.
//
// What a function of C that a bundle calls (grant `ffi`) does is its own; a bundle that C called back and that fails there ends the process.
//
// Which functions: the `pub fn` at the root of the package, without generic parameters (`starkvm inspect` lists them), whose parameters
// are numbers, `bool`, `char`, `&str`, `str`, `&[number]`, `&mut [number]`, `Tensor`, `&Tensor`, `&mut Tensor`, none of them borrowed for
// `'static`, and whose result is `()`, a number, `bool`, `char`, `str`, `&str`, `String` or `Tensor`. Others are refused with A02.
//
// Tensors are not copied on their way in: an array is looked at where it lies for the time of the call. What a bundle keeps of it
// gets memory of its own before the call returns; so do arrays on their way into a bundle that can start threads, unless it only borrows
// them with `&`, and arrays with gaps between their elements that it does not only borrow. A result lies where the bundle made it, and
// stark_tensor_look() says where that is.
#ifndef STARK_H
#define STARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define STARK_API __attribute__((visibility("default")))
#define STARK_NO_LIMIT UINT64_MAX

typedef struct stark_status stark_status;
typedef struct stark_runtime stark_runtime;
typedef struct stark_module stark_module;
typedef struct stark_instance stark_instance;
typedef struct stark_tensor stark_tensor;

// What went wrong; the numbers are those that `starkvm` exits with.
typedef enum stark_kind {
  STARK_OK = 0,
  STARK_PROGRAM_ERROR = 1,  // the bundle asked for the end of the program
  STARK_MALFORMED = 2,      // S…: the file is not a bundle
  STARK_REFUSED = 3,        // V…: the bundle could not be proven safe
  STARK_PERMISSION = 4,     // something that was not granted
  STARK_LIMIT = 5,          // fuel, time, threads, handles, output, bytes of a device
  STARK_MEMORY = 6,
  STARK_DEVICE = 7,
  STARK_INTERNAL = 8,
  STARK_USAGE = 64,         // A…: the embedder asked for what cannot be
  STARK_PANIC = 101         // the bundle panicked; its instance can be called again
} stark_kind;

// NULL is STARK_OK, with empty texts. Texts live as long as the status.
STARK_API stark_kind stark_status_kind(const stark_status *status);
STARK_API const char *stark_status_code(const stark_status *status);     // "V19", "A03"; may be empty
STARK_API const char *stark_status_message(const stark_status *status);  // one sentence
STARK_API const char *stark_status_help(const stark_status *status);     // what to do about it; may be empty
STARK_API const char *stark_status_trace(const stark_status *status);    // of what ran: where it happened, and the calls; may be empty
// Whether the instance is over: no call of it will run any more. After a panic it is not.
STARK_API bool stark_status_is_over(const stark_status *status);
STARK_API void stark_status_free(stark_status *status);

STARK_API stark_status *stark_runtime_new(stark_runtime **runtime);
STARK_API void stark_runtime_free(stark_runtime *runtime);

// Opens a bundle and proves all of it. The file stays mapped; data segments are read when they are used.
STARK_API stark_status *stark_module_open(stark_runtime *runtime, const char *path, stark_module **module);
// The same from memory, which is copied.
STARK_API stark_status *stark_module_from_bytes(stark_runtime *runtime, const void *bytes, size_t length, stark_module **module);
STARK_API void stark_module_free(stark_module *module);
STARK_API size_t stark_module_export_count(const stark_module *module);
// In the order of their names; NULL beyond the last. Lives as long as the module.
STARK_API const char *stark_module_export(const stark_module *module, size_t index);
// Whether stark_call() can call it: NULL, A01 or A02.
STARK_API stark_status *stark_module_check(const stark_module *module, const char *function);

// What an instance may do and use. stark_options_init() sets every field that this library knows and the caller's header has: nothing
// is granted, nothing is limited but stacks and threads.
typedef struct stark_options {
  size_t size;  // of this struct, as the caller knows it
  const char *const *grants;  // "fs-read=/data", "net"; what `starkvm run --allow` takes
  size_t grant_count;
  const char *const *arguments;  // std::env::args() of the bundle
  size_t argument_count;
  const char *device;  // where tensors are made: "cpu", "vulkan:0"; NULL is cpu
  uint64_t seed;       // of random tensors
  uint64_t heap_limit;     // bytes of managed objects
  uint64_t stack_limit;    // bytes of frames
  uint64_t thread_limit;   // threads at once beside the caller's
  uint64_t handle_limit;   // files, threads, scopes at once
  uint64_t device_limit;   // bytes of tensors, on each device
  uint64_t output_limit;   // bytes printed, in all
  uint64_t fuel;           // instructions of each call
  uint64_t deadline_ns;    // of each call
  // What the bundle prints, whole lines where it prints lines: stream 1, or 2 for errors. NULL: the process's own output. It may be
  // called by any thread of the bundle, and must not call into its instance.
  void (*write)(void *user, int stream, const char *text, size_t length);
  void *user;
} stark_options;
STARK_API void stark_options_init(stark_options *options, size_t size);

// `options` may be NULL, and is not kept.
STARK_API stark_status *stark_instance_new(stark_module *module, const stark_options *options, stark_instance **instance);
// Waits for threads that the bundle has started and that still run.
STARK_API void stark_instance_free(stark_instance *instance);
// From the next call on.
STARK_API stark_status *stark_instance_set_budget(stark_instance *instance, uint64_t fuel, uint64_t deadline_ns);

// The numbers of element types, and of values.
typedef enum stark_type {
  STARK_F32, STARK_F64, STARK_F16, STARK_BF16, STARK_I8, STARK_I16, STARK_I32, STARK_I64, STARK_U8, STARK_U16, STARK_U32, STARK_U64, STARK_BOOL,
  STARK_UNIT = 32, STARK_CHAR, STARK_TEXT, STARK_TENSOR, STARK_ARRAY
} stark_type;

// Elements in the caller's memory. It is written only through `&mut`.
typedef struct stark_array {
  stark_type type;         // of the elements
  uint32_t rank;           // at most 8
  const int64_t *shape;
  const int64_t *strides;  // in elements, never negative; NULL: row by row without gaps
  void *data;
} stark_array;

// As an argument for isize and usize take STARK_I64 and STARK_U64. STARK_TEXT is UTF-8. STARK_TENSOR is for `Tensor`, which takes it, so
// that its handle is empty afterwards, and for `&Tensor` and `&mut Tensor`, which do not. STARK_ARRAY is for the same three and for
// slices; where `&mut Tensor` gets one, the tensor behind it must have the same extents at the end.
typedef struct stark_value {
  stark_type type;
  union {
    bool boolean;
    uint32_t character;
    int64_t integer;    // I8 … I64
    uint64_t natural;   // U8 … U64
    float f32;
    double f64;
    struct {
      const char *bytes;  // of a result: ends with a zero, which `length` does not count
      size_t length;
    } text;
    stark_tensor *tensor;
    const stark_array *array;
  } as;
} stark_value;

static inline stark_value stark_bool(bool v) { stark_value r; r.type = STARK_BOOL; r.as.boolean = v; return r; }
static inline stark_value stark_i32(int32_t v) { stark_value r; r.type = STARK_I32; r.as.integer = v; return r; }
static inline stark_value stark_i64(int64_t v) { stark_value r; r.type = STARK_I64; r.as.integer = v; return r; }
static inline stark_value stark_u64(uint64_t v) { stark_value r; r.type = STARK_U64; r.as.natural = v; return r; }
static inline stark_value stark_f32(float v) { stark_value r; r.type = STARK_F32; r.as.f32 = v; return r; }
static inline stark_value stark_f64(double v) { stark_value r; r.type = STARK_F64; r.as.f64 = v; return r; }
static inline stark_value stark_text(const char *bytes, size_t length) { stark_value r; r.type = STARK_TEXT; r.as.text.bytes = bytes; r.as.text.length = length; return r; }
static inline stark_value stark_of_tensor(stark_tensor *v) { stark_value r; r.type = STARK_TENSOR; r.as.tensor = v; return r; }
static inline stark_value stark_of_array(const stark_array *v) { stark_value r; r.type = STARK_ARRAY; r.as.array = v; return r; }

// Runs an exported function. On success `result` is written, and freed with stark_value_free(); it may be NULL. On failure it is STARK_UNIT.
STARK_API stark_status *stark_call(stark_instance *instance, const char *function, const stark_value *arguments, size_t count, stark_value *result);
// Runs `main`. `status`: what it gave as the process's exit status.
STARK_API stark_status *stark_run_main(stark_instance *instance, int *status);
STARK_API void stark_value_free(stark_value *value);

// A tensor of the instance with a copy of these elements.
STARK_API stark_status *stark_tensor_new(stark_instance *instance, const stark_array *elements, stark_tensor **tensor);
// Type, shape, strides, and where the elements lie; `data` is NULL where that is not this machine's memory. All of it is good until
// the tensor is freed or an argument of a call, and is only to be read.
STARK_API stark_status *stark_tensor_look(const stark_tensor *tensor, stark_array *elements);
// A copy of the elements, row by row, wherever they lie. `bytes` must be what they take.
STARK_API stark_status *stark_tensor_read(const stark_tensor *tensor, void *to, size_t bytes);
STARK_API void stark_tensor_free(stark_tensor *tensor);

#ifdef __cplusplus
}
#endif
#endif
