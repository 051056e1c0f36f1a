// tests/api/api_test.cpp — calls through the C interface: values both ways, what is lent and what is kept, refusals, limits, threads.
// Room: tests. In: library.skbc, named by STARK_API_LIBRARY. Out: doctest verdict.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include "vm/api/stark.h"

namespace {

struct Ended {
  stark_kind kind;
  std::string code, message, trace;
  bool is_over;
};
Ended ended(stark_status* status) {
  Ended e{stark_status_kind(status), stark_status_code(status), stark_status_message(status), stark_status_trace(status), stark_status_is_over(status)};
  stark_status_free(status);
  return e;
}
void must(stark_status* status) {
  const Ended e = ended(status);
  INFO(e.code << " " << e.message << "\n" << e.trace);
  REQUIRE(e.kind == STARK_OK);
}

struct Library {
  Library() {
    must(stark_runtime_new(&runtime));
    must(stark_module_open(runtime, std::getenv("STARK_API_LIBRARY"), &module));
  }
  ~Library() {
    stark_module_free(module);
    stark_runtime_free(runtime);
  }
  stark_runtime* runtime = nullptr;
  stark_module* module = nullptr;
};

struct Instance : Library {
  Instance() {
    stark_options_init(&options, sizeof options);
    options.user = &printed;
    options.write = [](void* user, int, const char* text, size_t length) { static_cast<std::string*>(user)->append(text, length); };
  }
  ~Instance() { stark_instance_free(instance); }
  void begin() { must(stark_instance_new(module, &options, &instance)); }
  Ended fails(const char* function, std::vector<stark_value> arguments) {
    stark_value result;
    const Ended e = ended(stark_call(instance, function, arguments.data(), arguments.size(), &result));
    CHECK(result.type == STARK_UNIT);
    return e;
  }
  stark_value call(const char* function, std::vector<stark_value> arguments) {
    stark_value result;
    must(stark_call(instance, function, arguments.data(), arguments.size(), &result));
    return result;
  }
  std::string printed;
  stark_options options;
  stark_instance* instance = nullptr;
};

stark_array array_of(stark_type type, const std::vector<int64_t>& shape, void* data) { return {type, static_cast<uint32_t>(shape.size()), shape.data(), nullptr, data}; }
stark_value text_of(const std::string& text) { return stark_text(text.data(), text.size()); }
const float* elements_of(const stark_tensor* tensor) {
  stark_array seen;
  must(stark_tensor_look(tensor, &seen));
  CHECK(seen.type == STARK_F32);
  return static_cast<const float*>(seen.data);
}

TEST_CASE_FIXTURE(Instance, "scalars and text go both ways") {
  begin();
  CHECK(!call("negate", {stark_bool(true)}).as.boolean);
  stark_value c;
  c.type = STARK_CHAR, c.as.character = 'a';
  CHECK(call("next", {c}).as.character == 'b');
  stark_value small = stark_i64(-128);
  small.type = STARK_I8;
  CHECK(call("small", {small}).as.integer == -128);
  small.as.integer = 128;
  CHECK(fails("small", {small}).code == "A04");
  CHECK(call("half", {stark_f64(5)}).as.f64 == 2.5);
  for (const char* function : {"owned", "same"}) {
    for (const std::string& text : {std::string("grüße"), std::string()}) {
      stark_value back = call(function, {text_of(text)});
      CHECK(std::string(back.as.text.bytes, back.as.text.length) == text);
      stark_value_free(&back);
    }
  }
  CHECK(fails("same", {text_of("\xff")}).code == "A04");
}

TEST_CASE_FIXTURE(Instance, "slices are seen and written where they lie") {
  begin();
  std::vector<int32_t> values{1, 2, 3};
  std::vector<int64_t> others{4, 5}, three{3}, two{2}, none{0};
  stark_array a = array_of(STARK_I32, three, values.data()), b = array_of(STARK_I64, two, others.data()), empty = array_of(STARK_I32, none, nullptr);
  CHECK(call("total", {stark_of_array(&a)}).as.integer == 6);
  CHECK(call("total", {stark_of_array(&empty)}).as.integer == 0);
  call("double", {stark_of_array(&b)});
  CHECK(others == std::vector<int64_t>{8, 10});
  CHECK(fails("total", {stark_of_array(&b)}).code == "A04");
  a.data = reinterpret_cast<char*>(values.data()) + 1;
  CHECK(fails("total", {stark_of_array(&a)}).code == "A08");
}

TEST_CASE_FIXTURE(Instance, "tensors are lent: looked at with strides, written in place, and copied by whoever keeps them") {
  begin();
  std::vector<float> x{1, 2, 3, 4, 5, 6};
  std::vector<int64_t> square{2, 2}, strides{3, 1}, two{2};
  stark_array gaps = array_of(STARK_F32, square, x.data());
  gaps.strides = strides.data();
  CHECK(call("sum", {stark_of_array(&gaps)}).as.f32 == 1 + 2 + 4 + 5);

  stark_array line = array_of(STARK_F32, two, x.data());
  stark_value kept = call("keep", {stark_of_array(&line)});
  CHECK(elements_of(kept.as.tensor) != x.data());
  x[0] = 9;
  CHECK(elements_of(kept.as.tensor)[0] == 1);

  call("add_in_place", {stark_of_array(&line), stark_of_tensor(kept.as.tensor)});
  CHECK(x[0] == 10);
  // What was lent leaves by way of the result, and another tensor takes its place.
  stark_value old = call("swap", {stark_of_array(&line), stark_of_tensor(kept.as.tensor)});
  CHECK(x[0] == 1);
  CHECK(elements_of(old.as.tensor)[0] == 10);
  CHECK(fails("keep", {stark_of_tensor(kept.as.tensor)}).code == "A04");
  stark_value_free(&kept);
  stark_value_free(&old);

  std::vector<int64_t> every_other{2};
  stark_array ones = array_of(STARK_F32, two, x.data() + 4);
  line.strides = every_other.data();
  call("add_in_place", {stark_of_array(&line), stark_of_array(&ones)});
  CHECK(x == std::vector<float>{6, 2, 3, 4, 5, 6});
}

TEST_CASE_FIXTURE(Instance, "a tensor that outlives its instance is still there") {
  begin();
  std::vector<float> x{1, 2};
  std::vector<int64_t> two{2};
  stark_array line = array_of(STARK_F32, two, x.data());
  stark_tensor* tensor = nullptr;
  must(stark_tensor_new(instance, &line, &tensor));
  stark_instance_free(instance);
  instance = nullptr;
  std::vector<float> back(2);
  must(stark_tensor_read(tensor, back.data(), 8));
  CHECK(back == x);
  CHECK(ended(stark_tensor_read(tensor, back.data(), 7)).code == "A08");
  stark_tensor_free(tensor);
}

TEST_CASE_FIXTURE(Instance, "what cannot be is refused, and changes nothing") {
  begin();
  CHECK(fails("nothing", {}).code == "A01");
  CHECK(fails("forever", {text_of("a")}).code == "A02");
  CHECK(fails("many", {}).code == "A02");
  CHECK(ended(stark_module_check(module, "many")).code == "A02");
  CHECK(ended(stark_module_check(module, "half")).kind == STARK_OK);
  CHECK(fails("half", {}).code == "A03");
  CHECK(fails("half", {stark_f32(1)}).code == "A04");
  std::vector<float> x{1, 2};
  std::vector<int64_t> two{2}, negative{-1};
  stark_array line = array_of(STARK_F32, two, x.data());
  CHECK(fails("swap", {stark_of_array(&line), stark_of_array(&line)}).code == "A05");
  CHECK(fails("grow", {stark_of_array(&line)}).code == "A09");
  CHECK(fails("sum", {stark_of_array(&line)}).code == "A04");
  line.strides = negative.data();
  CHECK(fails("keep", {stark_of_array(&line)}).code == "A08");
  options.size = 4;
  stark_instance* other = nullptr;
  CHECK(ended(stark_instance_new(module, &options, &other)).code == "A08");
  stark_module* broken = nullptr;
  CHECK(ended(stark_module_from_bytes(runtime, "no bundle", 9, &broken)).kind == STARK_MALFORMED);
  CHECK(ended(stark_module_open(runtime, "/nowhere.skbc", &broken)).code == "S01");
}

TEST_CASE_FIXTURE(Instance, "an instance goes on after a panic, as often as it likes") {
  begin();
  for (int i = 0; i < 10; ++i) {
    const Ended e = fails("divide", {stark_i32(1), stark_i32(0)});
    CHECK(e.kind == STARK_PANIC);
    CHECK(!e.is_over);
    CHECK(e.trace.find("at divide") != std::string::npos);
    CHECK(fails("deep", {stark_i32(100'000'000)}).message == "stack overflow");
    CHECK(call("divide", {stark_i32(6), stark_i32(2)}).as.integer == 3);
  }
}

TEST_CASE_FIXTURE(Instance, "limits end a call and its instance; fuel is of each call") {
  options.fuel = 10'000;
  options.output_limit = 8;
  begin();
  for (int i = 0; i < 10; ++i) CHECK(call("deep", {stark_i32(400)}).as.integer == 400);
  call("print", {text_of("seven..")});
  CHECK(printed == "seven..\n");
  CHECK(ended(stark_instance_set_budget(instance, 10, STARK_NO_LIMIT)).kind == STARK_OK);
  const Ended e = fails("deep", {stark_i32(400)});
  CHECK(e.kind == STARK_LIMIT);
  CHECK(e.is_over);
  CHECK(fails("deep", {stark_i32(1)}).code == "A06");
  stark_instance_free(instance);
  begin();
  CHECK(fails("print", {text_of("sevens..")}).kind == STARK_LIMIT);
}

TEST_CASE_FIXTURE(Library, "threads share a module, each with an instance of its own") {
  std::atomic<int> right = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      stark_instance* instance = nullptr;
      stark_status* status = stark_instance_new(module, nullptr, &instance);
      for (int i = 0; status == nullptr && i < 200; ++i) {
        stark_value n = stark_i32(i), result;
        status = stark_call(instance, "deep", &n, 1, &result);
        if (status == nullptr && result.as.integer == i) ++right;
      }
      stark_status_free(status);
      stark_instance_free(instance);
    });
  }
  for (std::thread& one : threads) one.join();
  CHECK(right == 800);
}

TEST_CASE_FIXTURE(Library, "a module may come from memory, and outlives what it came from") {
  std::ifstream in(std::getenv("STARK_API_LIBRARY"), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(in)), {});
  stark_module* copy = nullptr;
  must(stark_module_from_bytes(runtime, bytes.data(), bytes.size(), &copy));
  bytes.assign(bytes.size(), 'x');
  CHECK(stark_module_export_count(copy) == stark_module_export_count(module));
  stark_instance* instance = nullptr;
  must(stark_instance_new(copy, nullptr, &instance));
  stark_module_free(copy);
  stark_value x = stark_f64(3), result;
  must(stark_call(instance, "half", &x, 1, &result));
  CHECK(result.as.f64 == 1.5);
  int status = 0;
  CHECK(ended(stark_run_main(instance, &status)).code == "A01");
  stark_instance_free(instance);
}

}  // namespace
