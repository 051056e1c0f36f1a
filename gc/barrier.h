// gc/barrier.h — store_barrier: called at every store of a managed word into an object that may be old.
// Room: gc, public face. In: the word written and its new value. Out: nothing yet; a generational collector records it.
// Law: stores into frames and into objects allocated since the last safepoint need no barrier; all others do.
#pragma once

#include <cstddef>

namespace stark::gc {

inline void store_barrier(void* /*field*/, size_t /*bytes*/) {}

}  // namespace stark::gc
