// tests/hostile/mutants.h — random damage to a module: a few words of its tables, set to what such words may be.
// Room: tests. In: a valid module, a seed. Out: the module, damaged; and how to make it whole again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytecode-spec/module.h"

namespace stark::tests {

class Mutator {
 public:
  explicit Mutator(uint64_t seed) : state_(seed * 0x9E3779B97F4A7C15u + 0xD1B54A32D192ED03u) {}

  // Sets `count` words of the module; remembers what they were.
  void damage(spec::Module& module, size_t count);
  // Sets one word of any table: word `word` of all that the module has, to the value that `variant` stands for.
  void damage_field(spec::Module& module, size_t word, size_t variant);
  static size_t fields_of(const spec::Module& module);  // words in all
  static constexpr size_t kVariants = 84;
  void mend();
  std::string told() const;  // what was done
  uint64_t below(uint64_t limit) { return (next() >> 11) % limit; }

 private:
  struct Change {
    uint32_t* word;
    uint32_t before, after;
    const char* table;
    size_t index;
  };
  uint64_t next();
  void set(uint32_t* words, size_t count, const char* table);

  uint64_t state_;
  std::vector<Change> changes_;
};

}  // namespace stark::tests
