// tests/borrow/cases.h — the cases of a .cases file, and what each expects of compiler and verifier.
// Room: tests. In: text. Out: Case. README.md describes the form.
#pragma once

#include <filesystem>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace stark::tests {

using Codes = std::set<std::pair<int, std::string>>;  // line, code

struct Case {
  std::string id;        // "A02", "A26/scalar"
  std::string verifier;  // what it says where the compiler refuses: "V02"; "C" where no bundle comes to be
  std::string forged;    // where no bundle comes to be: a forged one that the verifier is shown instead, as in forged.tsv
  std::string file;
  std::string text;      // with what the file's cases have in common behind it
  Codes lexical, nll;    // empty: accepted

  std::string row() const { return id.substr(0, id.find('/')); }
};

// Whether a refusal is for what others than the verifier look at as well: values that are there, and who may touch them.
bool is_about_ownership(const std::string& code);

std::vector<Case> read_cases(const std::filesystem::path& file);

}  // namespace stark::tests
