// vm/api/call.cpp — a call of an exported function, and of `main`.
// Room: vm/api. In: an instance, a name, values. Out: a value, or a status.
#include <cstring>

#include "vm/api/passing.h"

using namespace stark;
using namespace stark::api;

namespace {

// One call at a time; the budget is new where no thread of the bundle uses the old one.
class Turn {
 public:
  explicit Turn(Core& core) : core_(core), is_mine_(!core.is_busy.exchange(true)) {}
  ~Turn() {
    if (is_mine_) core_.is_busy.store(false);
  }
  Turn(const Turn&) = delete;

  Result<void> begin() {
    if (!is_mine_) return api_fail(ApiError::Busy, "the instance is in a call already");
    if (core_.is_over) return api_fail(ApiError::Over, "the instance is over");
    if (core_.runtime.threads.running.load() != 0) return {};
    core_.runtime.budget.renew(core_.fuel, core_.deadline);
    core_.machine.renew_fuel();
    return {};
  }

 private:
  Core& core_;
  const bool is_mine_;
};

char* copy_text(std::string_view text) {
  char* bytes = new (std::nothrow) char[text.size() + 1];
  if (bytes == nullptr) return nullptr;
  std::memcpy(bytes, text.data(), text.size());
  bytes[text.size()] = 0;
  return bytes;
}

// Allocates nothing of the program's. `tensor` is there for a result that is one.
bool take_result(const Core& core, const Callable& callable, const std::byte* from, stark_value& to, stark_tensor* tensor) {
  const auto give_text = [&](std::string_view text) {
    to.as.text.bytes = copy_text(text);
    to.as.text.length = text.size();
    to.type = to.as.text.bytes != nullptr ? STARK_TEXT : STARK_UNIT;
    return to.as.text.bytes != nullptr;
  };
  switch (callable.result) {
    case Form::Text: return give_text(vm::text_of(vm::load<const gc::Object*>(from)));
    case Form::TextRef: return give_text(vm::load<vm::FatRef>(from).text());
    case Form::String: {
      const auto text = vm::load<vm::VecValue>(from);
      return give_text({reinterpret_cast<const char*>(text.data()), text.length});
    }
    case Form::Tensor:
      tensor->object = vm::load<vm::TensorObject*>(from);
      to.type = STARK_TENSOR;
      to.as.tensor = tensor;
      return true;
    case Form::Scalar: break;
    default: return true;
  }
  const spec::TypeKind kind = core.program.types().kind(callable.result_type);
  to.type = *type_of_kind(kind);
  switch (to.type) {
    case STARK_I8: to.as.integer = vm::load<int8_t>(from); break;
    case STARK_I16: to.as.integer = vm::load<int16_t>(from); break;
    case STARK_I32: to.as.integer = vm::load<int32_t>(from); break;
    case STARK_I64: to.as.integer = vm::load<int64_t>(from); break;
    case STARK_F32: to.as.f32 = vm::load<float>(from); break;
    case STARK_F64: to.as.f64 = vm::load<double>(from); break;
    case STARK_BOOL: to.as.boolean = vm::load<uint8_t>(from) != 0; break;
    case STARK_CHAR: to.as.character = vm::load<uint32_t>(from); break;
    default:
      to.as.natural = 0;
      std::memcpy(&to.as.natural, from, core.program.types().size(callable.result_type));
  }
  return true;
}

stark_status* finish(Core& core, const vm::Outcome& outcome) {
  if (outcome.is_over || core.runtime.is_over.load()) core.end();
  return status_of(outcome);
}

stark_status* call(stark_instance* instance, const char* name, std::span<const stark_value> values, stark_value& result) {
  Core& core = *instance->core;
  Turn turn(core);
  if (auto ok = turn.begin(); !ok) return status_of(ok.error());
  const auto callable = find_callable(core.program.verified(), name);
  if (!callable) return status_of(callable.error());
  Passing passing(core, *callable, values);
  if (auto ok = passing.check(); !ok) return status_of(ok.error());
  auto tensor = std::make_unique<stark_tensor>(instance->core);  // a result has somewhere to go before anything runs
  if (auto ok = passing.make_all(); !ok) return status_of(ok.error());
  passing.take_all();
  bool is_taken = true;
  const vm::Outcome outcome = core.machine.call(callable->function, passing.arguments(), [&](const std::byte* from) {
    is_taken = take_result(core, *callable, from, result, tensor.get());
  });
  if (result.type == STARK_TENSOR) static_cast<void>(tensor.release());
  stark_status* status = finish(core, outcome);
  const auto back = passing.give_back(core.is_over);
  if (status == nullptr && !is_taken) status = no_memory();
  if (status == nullptr && !back) status = status_of(back.error());
  if (status != nullptr) stark_value_free(&result);
  return status;
}

stark_status* run_main(Core& core, int* status) {
  Turn turn(core);
  if (auto ok = turn.begin(); !ok) return status_of(ok.error());
  const spec::Module& m = core.program.module();
  if (m.entry == spec::kNone) return status_of(api_fail(ApiError::NoFunction, "the module has no `main`: it is a library").error());
  const uint32_t type = m.signatures[m.functions[m.entry].signature].result.type;
  std::optional<std::string> error;
  vm::Outcome outcome = core.machine.call(m.entry, {}, [&](const std::byte* from) {
    if (core.program.types().is(type, spec::TypeKind::I32)) *status = vm::load<int32_t>(from);
    error = core.machine.error_in(type, from);
  });
  if (!outcome.failure && error) outcome.failure = vm::Failure{vm::Exit::ProgramError, *error, {}, {}};
  if (outcome.failure) *status = outcome.failure->status.value_or(static_cast<int>(outcome.failure->exit));
  return finish(core, outcome);
}

}  // namespace

extern "C" {

stark_status* stark_call(stark_instance* instance, const char* function, const stark_value* arguments, size_t count, stark_value* result) {
  stark_value unwanted{};
  stark_value& to = result != nullptr ? *result : unwanted;
  to.type = STARK_UNIT;
  stark_status* status = guarded([&] { return call(instance, function, {arguments, count}, to); });
  if (result == nullptr) stark_value_free(&unwanted);
  return status;
}

stark_status* stark_run_main(stark_instance* instance, int* status) {
  *status = 0;
  return guarded([&] { return run_main(*instance->core, status); });
}

void stark_value_free(stark_value* value) {
  if (value->type == STARK_TEXT) delete[] value->as.text.bytes;
  if (value->type == STARK_TENSOR) stark_tensor_free(value->as.tensor);
  value->type = STARK_UNIT;
}

}  // extern "C"
