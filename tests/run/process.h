// tests/run/process.h — runs a program as a process, and reads what a STARK program says should come of it.
// Room: tests. In: a command, a program's text. Out: exit status, output; the markers that run_test.cpp explains.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace stark::tests {

namespace fs = std::filesystem;

inline std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

struct Expected {
  std::string output, error;
  int status = 0;
  std::vector<std::string> flags;  // of starkvm
};

inline Expected expectations(const fs::path& path) {
  Expected expected;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("// expect-status: ")) expected.status = std::stoi(line.substr(18));
    if (line.starts_with("// expect-stderr: ")) expected.error = line.substr(18);
    if (line.starts_with("// flag: ")) expected.flags.push_back(line.substr(9));
    if (line.starts_with("// expect: ")) expected.output += line.substr(11) + "\n";
    if (line == "// expect:") expected.output += "\n";
  }
  return expected;
}

// Runs a program with its output in files; gives its exit status, or 128 and the signal.
inline int run(const std::vector<std::string>& words, const fs::path& out, const fs::path& err) {
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  std::fflush(nullptr);  // or the child would write what we have not written yet as well
  const pid_t child = ::fork();
  if (child == 0) {
    if (std::freopen(out.c_str(), "w", stdout) == nullptr || std::freopen(err.c_str(), "w", stderr) == nullptr) ::_exit(126);
    ::alarm(120);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

// Runs a bundle as the program it was made of wants to be run.
inline int run_bundle(const std::string& starkvm, const std::vector<std::string>& flags, const Expected& expected, const fs::path& bundle,
                      const fs::path& out, const fs::path& err) {
  std::vector<std::string> words{starkvm, "run"};
  words.insert(words.end(), flags.begin(), flags.end());
  words.insert(words.end(), expected.flags.begin(), expected.flags.end());
  words.push_back(bundle.string());
  return run(words, out, err);
}

}  // namespace stark::tests
