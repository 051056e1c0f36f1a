// bytecode-spec/assembler_parts.h — the assembler as its files share it: one function for each kind of line.
// Room: bytecode-spec. In: lines. Out: rows, appended to the module that is being made.
#pragma once

#include <map>

#include "bytecode-spec/assembler.h"
#include "bytecode-spec/assembler_lines.h"
#include "bytecode-spec/state.h"

namespace stark::spec::skasm {

class Assembler : public Line {
 public:
  Result<Assembled> run(std::string_view text);

 private:
  Module& m() { return out_.module; }

  Text text(std::string_view word);
  Text text() { return text(next()); }
  TypeUse use(std::string_view word);
  template <class Rows>
  uint32_t code_of(const Rows& table, std::string_view word, std::string_view what) {
    for (size_t i = 0; i < table.size(); ++i) {
      if (table[i] == word) return static_cast<uint32_t>(i);
    }
    if (word.starts_with('?')) return number(word.substr(1));
    fail_with(fmt::format("`{}` is no {}", word, what));
    return 0;
  }
  template <class T>
  static Range append(std::vector<T>& table, const std::vector<T>& list) {
    const Range range{static_cast<uint32_t>(table.size()), static_cast<uint32_t>(list.size())};
    table.insert(table.end(), list.begin(), list.end());
    return range;
  }
  void take_line();

  // assembler.cpp: what stands for itself.
  void take_version();
  void take_entry();
  void take_capability();
  void take_file();
  void take_segment();
  void take_static();
  void take_foreign();
  void take_export();

  // assembler_types.cpp
  uint32_t drop_function();
  Range take_fields();
  static std::vector<std::string_view> kind_texts();
  void take_type();
  uint32_t take_representation();
  void take_nominal(TypeRow& row);
  void take_dyn(TypeRow& row);
  void take_vtable();
  std::pair<uint32_t, Range> take_tensor();
  void take_signature();
  void take_constant();

  // assembler_graphs.cpp
  GraphRow* graph();
  void take_graph();
  void take_graph_value();
  void take_node();
  void take_output();

  // assembler_functions.cpp
  void close_function();
  void take_function();
  FunctionRow& function();
  void take_register();
  void take_place();
  void take_loan();
  uint32_t place(std::string_view word);
  uint32_t here();
  void take_block();
  uint32_t take_state();
  void take_whole(std::vector<uint32_t>& mask);
  uint32_t operand_word(std::string_view word);
  uint32_t native_word(std::string_view word);
  uint32_t one(char letter, std::string_view word);
  void take_instruction();

  Assembled out_;
  std::map<std::string, Text> texts_;
  std::map<std::vector<uint32_t>, uint32_t> region_lists_;
  StateTable states_{out_.module.states};
};

}  // namespace stark::spec::skasm
