// vm/profile/report.cpp — opens the files of a profile, and writes each in the form that its ending names.
// Room: vm/profile. In: see report.h.
#include "vm/profile/report.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "vm/profile/writers.h"

namespace stark::vm::profile {
namespace {

enum class ProfileError : uint8_t {
#define PROFILE_ERROR(name, code, meaning, mend) name,
#include "vm/profile/errors.def"
};

std::unexpected<Error> refuse(ProfileError which, std::string found) {
  const ProfileErrorRow& row = kProfileErrors[static_cast<size_t>(which)];
  return fail(std::string(row.code), std::move(found), std::string(row.mend));
}

struct Form {
  std::string_view ending;
  std::string (*writer)(const Picture&);
};
constexpr Form kForms[] = {{".svg", flame_graph}, {".folded", collapsed}, {".json", chrome_trace}};

bool write_out(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t done = ::write(descriptor, text.data(), text.size());
    if (done < 0 && errno == EINTR) continue;
    if (done <= 0) return false;
    text.remove_prefix(static_cast<size_t>(done));
  }
  return true;
}

}  // namespace

Result<Report> Report::open(std::span<const std::string> paths) {
  Report report;
  for (const std::string& path : paths) {
    const auto* form = std::ranges::find_if(kForms, [&](const Form& f) { return path.ends_with(f.ending); });
    if (form == std::end(kForms)) return refuse(ProfileError::Ending, fmt::format("`{}` does not say what profile it is to be", path));
    const int descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (descriptor < 0) return refuse(ProfileError::Unwritable, fmt::format("`{}` cannot be written: {}", path, std::strerror(errno)));
    report.files_.push_back({path, form->writer, descriptor});
  }
  return report;
}

Report::Report(Report&& other) noexcept : files_(std::move(other.files_)) { other.files_.clear(); }
Report::~Report() {
  for (const File& file : files_) ::close(file.descriptor);
}

bool Report::wants_times() const {
  return std::ranges::any_of(files_, [](const File& f) { return f.writer == chrome_trace; });
}

Result<void> Report::write(const Picture& picture) {
  for (const File& file : files_) {
    if (!write_out(file.descriptor, file.writer(picture))) return refuse(ProfileError::Unwritable, fmt::format("`{}` cannot be written: {}", file.path, std::strerror(errno)));
  }
  return {};
}

}  // namespace stark::vm::profile
