// vm/api/passing.h — Passing: the arguments of one call, from C's values to what the parameters take, and back.
// Room: vm/api, private. In: stark_values, a Callable. Out: CallArguments. Law: until take_all() nothing of the embedder's has changed.
#pragma once

#include <deque>
#include <span>

#include "vm/api/handles.h"

namespace stark::api {

class Passing {
 public:
  Passing(Core& core, const Callable& callable, std::span<const stark_value> values) : core_(core), callable_(callable), values_(values) {}

  Result<void> check();      // every value fits its parameter, and none is two
  Result<void> make_all();   // tensors over arrays; when it fails, what was made is dropped
  void take_all();           // handles that are passed by value are empty from now on
  std::span<const vm::CallArgument> arguments() const { return arguments_; }
  // After the call. Over: nothing may be asked of the program's tensors any more.
  Result<void> give_back(bool is_over);

 private:
  struct Stretch {
    uintptr_t begin, end;
    bool is_taken;  // or written
  };
  // A tensor that stands in for an array.
  struct Lent {
    const stark_array* array;
    devices::Layout layout;
    vm::TensorObject* object = nullptr;
    vm::Loan loan;
    bool is_lent = false, is_mutable = false, is_taken = false;
  };

  Result<void> check_scalar(size_t i);
  Result<void> check_text(size_t i);
  Result<void> check_slice(size_t i);
  Result<void> check_tensor(size_t i);
  Result<void> check_aliases() const;
  Result<void> lend(size_t i);
  void drop_all();
  Result<void> write_back(const Lent& lent);
  std::unexpected<Error> misfit(size_t i, std::string_view what) const;
  void reach(const void* begin, size_t bytes, bool is_taken) {
    const auto at = reinterpret_cast<uintptr_t>(begin);
    if (bytes > 0) stretches_.push_back({at, at + bytes, is_taken});
  }
  const vm::TypeTables& types() const { return core_.program.types(); }
  bool is_mutable(size_t i) const { return callable_.parameters[i] == Form::TensorMut; }
  // With threads, what a program keeps may be in use when the call ends.
  bool may_lend(Form form) const { return form == Form::TensorRef || !core_.program.has_threads(); }

  Core& core_;
  const Callable& callable_;
  std::span<const stark_value> values_;
  std::vector<vm::CallArgument> arguments_;
  std::vector<Stretch> stretches_;
  std::deque<Lent> lent_;  // never move
};

}  // namespace stark::api
