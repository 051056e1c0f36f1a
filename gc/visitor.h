// gc/visitor.h — Visitor, which is shown every root, and RootProvider, which shows them.
// Room: gc, public face. In: addresses of pointer words. Out: the words, updated where their objects moved.
// Law: a provider shows every word that can reach an object; showing a word twice does no harm.
#pragma once

#include "gc/type_info.h"

namespace stark::gc {

class Visitor {
 public:
  virtual void visit_base(void** slot) = 0;
  virtual void visit_interior(void** slot) = 0;
  virtual void visit_weak(void** slot) = 0;

  void visit(SlotKind kind, void* address) {
    switch (kind) {
      case SlotKind::Base: return visit_base(static_cast<void**>(address));
      case SlotKind::Interior: return visit_interior(static_cast<void**>(address));
      case SlotKind::Weak: return visit_weak(static_cast<void**>(address));
    }
  }

 protected:
  ~Visitor() = default;
};

class RootProvider {
 public:
  virtual void visit_roots(Visitor& visitor) = 0;

 protected:
  ~RootProvider() = default;
};

}  // namespace stark::gc
