// compiler/borrow/names.h — places in the words of the program: what the user wrote, near enough.
// Room: borrow. In: Body. Out: text.
#pragma once

#include <map>
#include <string>

#include "compiler/borrow/flow.h"

namespace stark::borrow {

class Namer {
 public:
  explicit Namer(const Body& body);
  // `model.weights[..]`; a temporary goes by what it was borrowed from.
  std::string name(const Place& place) const;
  bool has_name(LocalId local) const { return !b_.function.locals[local.index()].name.empty(); }

 private:
  std::string step_name(const types::TypeData& data, const mir::Projection& step, uint32_t variant) const;
  const Body& b_;
  std::map<uint32_t, const Instruction*> made_by_;  // temporaries that one borrow makes
  std::map<uint32_t, uint32_t> statics_;            // temporaries that refer to one, and which
};

}  // namespace stark::borrow
