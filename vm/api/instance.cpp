// vm/api/instance.cpp — instances: options read, a program made ready, and its end.
// Room: vm/api. In: stark_module, stark_options. Out: stark_instance.
#include <chrono>
#include <cstring>
#include <thread>

#include "vm/api/handles.h"

using namespace stark;
using namespace stark::api;

namespace {

stark_options defaults() {
  stark_options o{};
  o.size = sizeof o;
  o.heap_limit = o.handle_limit = o.device_limit = o.output_limit = o.fuel = o.deadline_ns = STARK_NO_LIMIT;
  o.stack_limit = vm::HostOptions().stack_bytes;
  o.thread_limit = vm::HostOptions().thread_limit;
  return o;
}

std::optional<uint64_t> limit(uint64_t given) { return given == STARK_NO_LIMIT ? std::nullopt : std::optional(given); }
std::optional<std::chrono::nanoseconds> span_of(uint64_t ns) {
  if (ns == STARK_NO_LIMIT) return std::nullopt;
  return std::chrono::nanoseconds(std::min<uint64_t>(ns, uint64_t{1} << 60));
}

// Fields that an older header does not have keep their defaults.
Result<stark_options> read_options(const stark_options* given) {
  stark_options o = defaults();
  if (given == nullptr) return o;
  if (given->size < sizeof(size_t) || given->size > sizeof o) return api_fail(ApiError::Options, fmt::format("options of {} bytes, of which this library knows {}", given->size, sizeof o));
  std::memcpy(&o, given, given->size);
  return o;
}

void to_writer(void* user, int stream, std::string_view text) {
  const auto& writer = *static_cast<const Writer*>(user);
  writer.write(writer.user, stream, text.data(), text.size());
}

Result<vm::HostOptions> host_options(const stark_options& o, const Writer* writer) {
  vm::HostOptions h;
  h.is_embedded = true;
  h.grants = vm::Grants::none();
  for (size_t i = 0; i < o.grant_count; ++i) {
    if (auto ok = h.grants.allow(o.grants[i]); !ok) return api_fail(ApiError::Options, ok.error().message);
  }
  for (size_t i = 0; i < o.argument_count; ++i) h.arguments.emplace_back(o.arguments[i]);
  if (o.device != nullptr) h.tensors.device = o.device;
  if (auto device = vm::device_of_name(h.tensors.device); !device) return std::unexpected(device.error());
  h.tensors.seed = o.seed;
  h.heap.limit = o.heap_limit;
  if (o.device_limit != STARK_NO_LIMIT) h.tensors.limit = static_cast<int64_t>(std::min<uint64_t>(o.device_limit, INT64_MAX));
  h.set_stack(o.stack_limit);
  h.thread_limit = o.thread_limit;
  h.handle_limit = o.handle_limit;
  h.output_limit = o.output_limit;
  h.fuel = limit(o.fuel);
  h.deadline = span_of(o.deadline_ns);
  if (writer->write == nullptr) return h;
  h.output.user = h.errors.user = const_cast<Writer*>(writer);
  h.output.write = [](void* user, std::string_view text) { to_writer(user, 1, text); };
  h.errors.write = [](void* user, std::string_view text) { to_writer(user, 2, text); };
  return h;
}

Result<std::shared_ptr<Core>> make_core(stark_module* module, const stark_options* given) {
  auto o = read_options(given);
  if (!o) return std::unexpected(o.error());
  auto writer = std::make_unique<Writer>(o->write, o->user);
  auto h = host_options(*o, writer.get());
  if (!h) return std::unexpected(h.error());
  if (const auto capability = h->grants.missing(module->verified->module())) {
    const std::string_view name = spec::capabilities()[static_cast<size_t>(*capability)];
    return fail("V19", fmt::format("the bundle asks for `{}`, which is not granted", name), fmt::format("grant `{}` if you trust where it comes from", name));
  }
  // Metered always: a budget may come later, and the end of one thread is the others' where they look at theirs.
  auto core = std::make_shared<Core>(share(module), std::move(writer), vm::Translation{.meters = true}, std::move(*h));
  if (!core->machine.is_usable()) return fail("D04", "the system has no room for the instance's stack");
  core->fuel = limit(o->fuel);
  core->deadline = span_of(o->deadline_ns);
  return core;
}

}  // namespace

namespace stark::api {

void Core::end() {
  is_over = true;
  runtime.is_over.store(true);
  const vm::Threads& all = runtime.threads;
  while (all.running.load() + all.leaving.load() + all.workers.load() != 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
}

}  // namespace stark::api

extern "C" {

void stark_options_init(stark_options* options, size_t size) {
  stark_options o = defaults();
  o.size = size;
  std::memset(static_cast<void*>(options), 0, size);
  std::memcpy(static_cast<void*>(options), &o, std::min(size, sizeof o));
}

stark_status* stark_instance_new(stark_module* module, const stark_options* options, stark_instance** instance) {
  *instance = nullptr;
  return guarded([&]() -> stark_status* {
    auto core = make_core(module, options);
    if (!core) return status_of(core.error());
    *instance = new stark_instance{std::move(*core)};
    return nullptr;
  });
}

void stark_instance_free(stark_instance* instance) {
  if (instance == nullptr) return;
  Core& core = *instance->core;
  if (!core.is_over) core.machine.close();
  core.end();
  delete instance;
}

stark_status* stark_instance_set_budget(stark_instance* instance, uint64_t fuel, uint64_t deadline_ns) {
  instance->core->fuel = limit(fuel);
  instance->core->deadline = span_of(deadline_ns);
  return nullptr;
}

}  // extern "C"
