// tests/borrow/cases.cpp — reads .cases files.
// Room: tests. In: text. Out: Case.
#include "tests/borrow/cases.h"

#include <sstream>

#include "tests/run/process.h"

namespace stark::tests {
namespace {

void read_markers(const std::string& line, int number, Case& out) {
  for (const auto& [word, lexical, nll] : {std::tuple("error[", true, true), std::tuple("lexical[", true, false), std::tuple("nll[", false, true)}) {
    const std::string wanted = word;
    for (size_t at = line.find(wanted); at != std::string::npos; at = line.find(wanted, at + 1)) {
      const size_t begin = at + wanted.size();
      const std::pair found(number, line.substr(begin, line.find(']', begin) - begin));
      if (lexical) out.lexical.insert(found);
      if (nll) out.nll.insert(found);
    }
  }
}

}  // namespace

bool is_about_ownership(const std::string& code) {
  static const std::set<std::string> kCodes{"V01", "V02", "V04", "V05", "V06", "V07", "V08", "V09", "V10", "V11", "V13", "V14", "V16", "V21", "V30"};
  return kCodes.contains(code);
}

std::vector<Case> read_cases(const std::filesystem::path& file) {
  std::vector<Case> out;
  std::istringstream in(read_file(file));
  std::string common;
  std::string* into = nullptr;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("=== ")) {
      std::istringstream words(line.substr(4));
      Case made;
      words >> made.id >> made.verifier >> made.forged;
      made.file = file.filename().string();
      number = 0;
      if (made.id == "common") {
        into = &common;
      } else {
        out.push_back(std::move(made));
        into = &out.back().text;
      }
      continue;
    }
    if (into == nullptr) continue;
    *into += line + "\n";
    if (into != &common) read_markers(line, ++number, out.back());
  }
  for (Case& one : out) one.text += common;
  return out;
}

}  // namespace stark::tests
