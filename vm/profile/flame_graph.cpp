// vm/profile/flame_graph.cpp — a flame graph as SVG: as wide as its share of the samples, standing on what called it.
// Room: vm/profile. In: see writers.h. Out: one file that needs no other; a browser shows names and shares where the mouse rests.
#include <fmt/format.h>

#include <algorithm>

#include "vm/profile/writers.h"

namespace stark::vm::profile {
namespace {

constexpr double kWidth = 1200, kMargin = 10, kRow = 17, kHead = 40;
constexpr double kLetter = 6.6;   // of the font below, about
constexpr double kNarrow = 0.05;  // what is thinner shows nowhere

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
    }
  }
  return out;
}

// As many letters as fit, and no half of one.
std::string_view cut(std::string_view name, double width) {
  const auto room = static_cast<size_t>(std::max(0.0, width / kLetter));
  size_t letters = 0, at = 0;
  while (at < name.size() && letters < room) {
    do ++at;
    while (at < name.size() && (static_cast<unsigned char>(name[at]) & 0xC0) == 0x80);
    ++letters;
  }
  return name.substr(0, at);
}

// Code is warm, each function always alike; what is not of the bundle is cool.
std::string colour(const Frame& frame) {
  uint32_t hash = 2166136261u;
  for (const char c : frame.name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  const uint32_t some = hash >> 8 & 31;
  switch (frame.kind) {
    case FrameKind::Function: return fmt::format("hsl({},80%,{}%)", 10 + some, 62 + some % 8);
    case FrameKind::Line: return fmt::format("hsl({},70%,76%)", 44 + some % 8);
    case FrameKind::Native: return fmt::format("hsl({},50%,72%)", 205 + some % 16);
    case FrameKind::Tensor: return fmt::format("hsl({},45%,68%)", 130 + some % 16);
    default: return "#bbb";
  }
}

size_t height(const Tower& tower, double scale) {
  size_t most = 0;
  for (const Tower& t : tower.above)
    if (static_cast<double>(t.all) * scale >= kNarrow) most = std::max(most, height(t, scale) + 1);
  return most;
}

class Drawing {
 public:
  explicit Drawing(const Tower& root) : total_(static_cast<double>(root.all)), scale_((kWidth - 2 * kMargin) / std::max(1.0, total_)), rows_(height(root, scale_) + 1) {}

  std::string draw(const Tower& root) {
    const double high = kHead + static_cast<double>(rows_) * kRow + kMargin;
    out_ = fmt::format("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                       "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" font-family=\"monospace\" font-size=\"11\">\n"
                       "<style>rect{{stroke:#fff;stroke-width:.5}} g:hover rect{{stroke:#000}} text{{pointer-events:none}}</style>\n"
                       "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"{2}\" y=\"24\" font-size=\"14\">{3}</text>\n",
                       kWidth, high, kMargin, root.all == 0 ? "no samples: the program was over before the first" : fmt::format("{} samples", root.all));
    if (root.all > 0) box(root, kMargin, 0);
    return out_ + "</svg>\n";
  }

 private:
  void box(const Tower& tower, double x, size_t row) {
    const double width = static_cast<double>(tower.all) * scale_;
    if (width < kNarrow) return;
    const double y = kHead + static_cast<double>(rows_ - 1 - row) * kRow;
    const std::string name = tower.frame != nullptr ? shown(*tower.frame) : "all";
    out_ += fmt::format("<g><title>{} ({} samples, {:.2f}%)</title><rect x=\"{:.2f}\" y=\"{}\" width=\"{:.2f}\" height=\"{}\" fill=\"{}\"/>", escaped(name), tower.all,
                        100 * static_cast<double>(tower.all) / total_, x, y, width, kRow - 1, tower.frame != nullptr ? colour(*tower.frame) : "#ddd");
    if (width > 3 * kLetter) out_ += fmt::format("<text x=\"{:.2f}\" y=\"{}\">{}</text>", x + 2, y + kRow - 5, escaped(cut(name, width - 4)));
    out_ += "</g>\n";
    for (const Tower& t : tower.above) {
      box(t, x, row + 1);
      x += static_cast<double>(t.all) * scale_;
    }
  }

  const double total_, scale_;
  const size_t rows_;
  std::string out_;
};

}  // namespace

std::string flame_graph(const Picture& picture) {
  const Tower root = merged(picture);
  return Drawing(root).draw(root);
}

}  // namespace stark::vm::profile
