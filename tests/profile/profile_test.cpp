// tests/profile/profile_test.cpp — runs programs with profiles, traces and figures asked for, and reads what comes of it.
// Room: tests. In: starkc, starkvm, this folder. Out: one line for each thing that does not hold. No test looks at how long something took.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "gc/pauses.h"
#include "tests/run/process.h"

using namespace stark::tests;

namespace {

int g_failed = 0;

void check(bool holds, const std::string& what) {
  if (!holds) ++g_failed, fmt::print("{}\n", what);
}

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Reads a JSON value; null where it is none.
const char* json_value(const char* at, const char* end) {
  const auto space = [&] { while (at < end && (*at == ' ' || *at == '\n')) ++at; };
  const auto text = [&] {
    for (++at; at < end && *at != '"'; ++at)
      if (*at == '\\') ++at;
    return at < end ? at + 1 : nullptr;
  };
  space();
  if (at == end) return nullptr;
  if (*at == '"') return text();
  if (*at != '{' && *at != '[') {
    const char* begin = at;
    while (at < end && (std::isalnum(static_cast<unsigned char>(*at)) != 0 || *at == '-' || *at == '.' || *at == '+')) ++at;
    return at == begin ? nullptr : at;
  }
  const bool is_object = *at == '{';
  const char closing = is_object ? '}' : ']';
  ++at, space();
  if (at < end && *at == closing) return at + 1;
  for (;;) {
    space();
    if (is_object) {
      if (at == end || *at != '"' || (at = text()) == nullptr) return nullptr;
      space();
      if (at == end || *at++ != ':') return nullptr;
    }
    if ((at = json_value(at, end)) == nullptr) return nullptr;
    space();
    if (at == end) return nullptr;
    if (*at == closing) return at + 1;
    if (*at++ != ',') return nullptr;
  }
}

bool is_json(const std::string& text) {
  const char* end = text.data() + text.size();
  const char* at = json_value(text.data(), end);
  return at != nullptr && std::string_view(at, static_cast<size_t>(end - at)).find_first_not_of(" \n") == std::string_view::npos;
}

// Whether every element that begins ends, in order, and no sign stands where XML has none.
bool is_xml(const std::string& text) {
  std::vector<std::string> open;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '&' && text.find(';', at) > at + 6) return false;
    if (text[at] != '<') {
      ++at;
      continue;
    }
    const size_t end = text.find('>', at);
    if (end == std::string::npos) return false;
    const std::string tag = text.substr(at + 1, end - at - 1);
    if (tag.find('<') != std::string::npos || std::ranges::count(tag, '"') % 2 != 0) return false;
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag[0] == '/') {
      if (open.empty() || "/" + open.back() != tag) return false;
      open.pop_back();
    } else if (tag[0] != '?' && tag.back() != '/') {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty();
}

std::map<std::string, long> stacks(const std::string& text) {
  std::map<std::string, long> all;
  std::stringstream in(text);
  for (std::string line; std::getline(in, line);) {
    const size_t space = line.rfind(' ');
    all[line.substr(0, space)] = std::stol(line.substr(space + 1));
  }
  return all;
}

struct Bench {
  std::string starkc, starkvm;
  fs::path folder, work;
  std::string out, err;

  std::string at(const std::string& name) const { return (work / name).string(); }
  void build(const std::string& name) {
    if (run({starkc, "build", (folder / (name + ".stark")).string(), "-o", at(name + ".skbc")}, at("out"), at("err")) != 0) {
      check(false, name + " does not compile: " + read_file(at("err")));
    }
  }
  int start(const std::vector<std::string>& flags, const std::string& name, const std::string& argument = "") {
    std::vector<std::string> words{starkvm, "run"};
    words.insert(words.end(), flags.begin(), flags.end());
    words.push_back(at(name + ".skbc"));
    if (!argument.empty()) words.push_back(argument);
    const int status = run(words, at("out"), at("err"));
    out = read_file(at("out")), err = read_file(at("err"));
    return status;
  }
  // Tells what the program told, too.
  void expect(bool holds, const std::string& what) const { check(holds, what + ": " + err + out); }
  // … with a profile of each form; gives the stacks.
  std::map<std::string, long> profile(int status, std::vector<std::string> flags, const std::string& name, const std::string& argument = "") {
    for (const char* form : {"svg", "folded", "json"}) flags.push_back("--profile=" + at(fmt::format("p.{}", form)));
    const std::string what = fmt::format("{} {}", name, argument);
    const int got = start(flags, name, argument);
    check(got == status, fmt::format("{} ended with {}, not {}: {}", what, got, status, err));
    check(is_xml(read_file(at("p.svg"))), what + ": its flame graph is no XML");
    check(has(read_file(at("p.svg")), "<svg "), what + ": its flame graph is no SVG");
    check(is_json(read_file(at("p.json"))), what + ": its trace is no JSON");
    return stacks(read_file(at("p.folded")));
  }
};

const std::string kEvery = "--profile-rate=0";

void test_counts(Bench& b) {
  b.build("hot");
  const auto all = b.profile(0, {kEvery}, "hot", "100");
  b.expect(b.out == "197 1000 50\n", "hot printed something else");
  const auto hot = std::ranges::find_if(all, [](const auto& s) { return has(s.first, "hot.stark:4"); });
  check(hot != all.end() && hot->second >= 100, "the loop of `hot` turned 100 times and was seen less often");
  check(std::ranges::any_of(all, [](const auto& s) { return has(s.first, "[Vec::push]"); }), "a native that was called 50 times was not seen");
  check(std::ranges::any_of(all, [](const auto& s) { return s.first.starts_with("[outer calls];depth;depth;"); }), "a recursion of a thousand calls is not cut off");
  const std::string before = read_file(b.at("p.folded")), svg = read_file(b.at("p.svg"));
  check(has(svg, "<title>main (") && has(svg, "%)</title>"), "the flame graph does not name `main`");
  b.profile(0, {kEvery}, "hot", "100");
  check(before == read_file(b.at("p.folded")), "two runs of the same program were counted differently");
}

// At the usual rate: only what takes most of the time is sure to be seen.
void test_sampling(Bench& b) {
  for (const std::vector<std::string>& flags : {std::vector<std::string>{}, {"--fuel=4000000000"}, {"--paranoid"}}) {
    const bool is_slow = !flags.empty() && flags[0] == "--paranoid";
    const auto all = b.profile(0, flags, "hot", is_slow ? "300000" : "20000000");
    check(std::ranges::any_of(all, [](const auto& s) { return has(s.first, "hot.stark:"); }), "what takes most of the time was not seen");
    check(has(read_file(b.at("p.json")), "\"name\":\"main\""), "the trace does not name `main`");
  }
}

void test_ends(Bench& b) {
  b.build("panics");
  struct End {
    const char* how;
    int status;
    std::vector<std::string> flags;
  };
  const End ends[] = {{"panic", 101, {}}, {"exit", 3, {}}, {"exit in a thread", 4, {}}, {"for ever", 5, {"--fuel=100000"}}, {"for ever", 5, {"--deadline=50"}}, {"wait", 5, {"--deadline=50"}}};
  for (const End& end : ends) {
    std::vector<std::string> flags = end.flags;
    flags.push_back(kEvery);
    const auto all = b.profile(end.status, flags, "panics", end.how);
    check(std::ranges::any_of(all, [](const auto& s) { return has(s.first, "end;"); }), fmt::format("`{}`: nothing was written of it", end.how));
  }
}

void test_threads(Bench& b) {
  b.build("tasks");
  for (const std::vector<std::string>& flags : {std::vector<std::string>{"--threads=1"}, {"--threads=4"}, {"--threads=2", "--gc-stress"}, {"--paranoid"}}) {
    std::vector<std::string> some = flags;
    some.push_back(kEvery);
    const auto all = b.profile(0, some, "tasks");
    b.expect(b.out == "1887 200\n", "tasks printed something else");
    for (const char* name : {"in_task", "in_thread", "Slow", "[collector]", "[Vec::push]"}) {
      check(std::ranges::any_of(all, [&](const auto& s) { return has(s.first, name); }), fmt::format("`{}` was not seen in tasks {}", name, flags[0]));
    }
    check(has(read_file(b.at("p.json")), "copy what is reached"), "the trace has no phase of the collector");
  }
  b.expect(b.start({"--threads=4", "--profile=" + b.at("p.svg")}, "tasks") == 0, "tasks fails at the usual rate");
}

void test_tensors(Bench& b) {
  b.build("tensors");
  const auto all = b.profile(0, {kEvery, "--trace=device,gc"}, "tensors");
  check(std::ranges::any_of(all, [](const auto& s) { return has(s.first, "[matmul") && has(s.first, "multiplied;"); }), "a product of matrices was not seen");
  const std::string json = read_file(b.at("p.json"));
  check(has(json, "\"cat\":\"tensor\"") && has(json, "\"cat\":\"transfer\""), "the trace has no tensor operations, or no transfer");
  b.expect(has(b.err, "device cpu: matmul"), "--trace=device told something else");
}

void test_refusals(Bench& b) {
  b.expect(b.start({"--profile=" + b.at("nowhere/p.svg")}, "hot", "1") == 64 && has(b.err, "error[P02]") && b.out.empty(), "a path that cannot be written");
  b.expect(b.start({"--profile=" + b.at("p.txt")}, "hot", "1") == 64 && has(b.err, "error[P01]") && b.out.empty(), "an ending that says nothing");
  check(run({b.starkvm, "explain", "P02"}, b.at("out"), b.at("err")) == 0, "P02 is not explained");
}

void test_figures(Bench& b) {
  b.expect(b.start({"--stats=json", "--fuel=10000000"}, "hot", "10") == 0 && is_json(b.err), "--stats=json told something else");
  for (const char* key : {"open_ms", "prove_ms", "translate_ms", "pause_p50_ms", "pause_p99_ms", "peak_memory_bytes", "fibers", "allocated_bytes"}) {
    check(has(b.err, fmt::format("\"{}\": ", key)), fmt::format("--stats=json has no {}", key));
  }
  const auto counted = [&] { return b.err.substr(b.err.find("\"instructions\": "), 30); };
  const std::string instructions = counted();
  b.expect(b.start({"--stats=json", "--fuel=20000000"}, "hot", "10") == 0 && instructions == counted(), "the same run took another number of instructions");
  b.expect(b.start({"--stats=json"}, "hot", "10") == 0 && has(b.err, "\"instructions\": null"), "instructions that nobody counted");
  b.expect(b.start({"--stats=json"}, "tensors") == 0 && has(b.err, "\"cpu\": {\"graphs\": "), "no figures of a device");
  b.expect(b.start({"--trace=gc", "--gc-stress"}, "hot", "1") == 0 && has(b.err, "gc 1: "), "--trace=gc told something else");
}

void test_percentiles() {
  stark::gc::Pauses pauses;
  check(pauses.percentile(0.5) == 0, "a percentile of nothing");
  for (uint64_t ns = 1; ns <= 1000; ++ns) pauses.add(ns * 1000);
  const auto is_near = [](uint64_t found, uint64_t right) { return found >= right && found <= right + right / 8; };
  check(is_near(pauses.percentile(0.5), 500'000) && is_near(pauses.percentile(0.99), 990'000), "percentiles are wrong");
  check(pauses.percentile(1) == 1'000'000 && pauses.longest() == 1'000'000, "the longest pause is not told");
  pauses.add(UINT64_MAX);
  check(pauses.percentile(1) == UINT64_MAX, "the longest pause that could be");
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 64;
  Bench b{argv[1], argv[2], argv[3], fs::temp_directory_path() / fmt::format("stark-profile-{}", ::getpid()), "", ""};
  fs::create_directories(b.work);
  test_counts(b);
  test_sampling(b);
  test_ends(b);
  test_threads(b);
  test_tensors(b);
  test_refusals(b);
  test_figures(b);
  test_percentiles();
  fs::remove_all(b.work);
  fmt::print("{}\n", g_failed == 0 ? "passed" : fmt::format("{} failed", g_failed));
  return g_failed == 0 ? 0 : 1;
}
