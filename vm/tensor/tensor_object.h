// vm/tensor/tensor_object.h — TensorObject: what an 8-byte tensor handle points to.
// Room: vm/tensor. In: a layout and a buffer of a device. Out: views for graphs.
// Law: owned by exactly one handle; a shared buffer (a mapped segment, a cached upload, what a view shows) is copied before it is written.
#pragma once

#include "devices/device.h"
#include "vm/objects/values.h"

namespace stark::vm {

struct TensorObject {
  devices::Layout layout;  // dense, but in views
  int64_t offset = 0;      // bytes to the first element; 0 but in views
  devices::Device* device = nullptr;
  DeviceValue where;
  devices::Buffer own;
  const devices::Buffer* shared = nullptr;  // in place of `own`
  TensorObject *before = nullptr, *after = nullptr;  // in the list of those that a program has, kept by TensorRuntime

  const devices::Buffer& buffer() const { return shared != nullptr ? *shared : own; }
  devices::TensorView view() const { return {&buffer(), offset, layout}; }
  const spec::TensorType& type() const { return layout.type; }
  int64_t elements() const { return *layout.type.shape.element_count(); }
  int64_t bytes() const { return elements() * spec::dtype_bytes(layout.type.dtype); }
};

}  // namespace stark::vm
