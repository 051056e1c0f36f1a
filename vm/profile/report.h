// vm/profile/report.h — Report: the files that a profile goes to, open before the program begins.
// Room: vm/profile, public face. In: paths. Out: each file written in the form that its ending names, or an Error with a P… code.
#pragma once

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytecode-spec/base/error.h"
#include "vm/profile/recorder.h"

namespace stark::vm::profile {

struct ProfileErrorRow {
  std::string_view code, meaning, mend;
};
inline constexpr std::array kProfileErrors = {
#define PROFILE_ERROR(name, code, meaning, mend) ProfileErrorRow{code, meaning, mend},
#include "vm/profile/errors.def"
};

class Report {
 public:
  static Result<Report> open(std::span<const std::string> paths);
  Report(Report&&) noexcept;
  Report& operator=(Report&&) = delete;
  ~Report();

  bool wants_times() const;
  Result<void> write(const Picture& picture);

 private:
  using Writer = std::string (*)(const Picture&);
  struct File {
    std::string path;
    Writer writer;
    int descriptor;
  };
  Report() = default;
  std::vector<File> files_;
};

}  // namespace stark::vm::profile
