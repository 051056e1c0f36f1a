// compiler/diagnostics/render.cpp — draws a diagnostic: message, place, excerpt with underlines, notes, helps.
// Room: diagnostics. In: Diagnostic values and the texts. Out: text.
#include "compiler/diagnostics/render.h"

#include <algorithm>
#include <map>

namespace stark::diagnostics {
namespace {

struct Paint {
  bool on;
  std::string operator()(const char* code, std::string_view text) const {
    return on ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string(text);
  }
};
constexpr const char *kRed = "1;31", *kYellow = "1;33", *kBlue = "1;34", *kBold = "1", *kCyan = "1;36";

constexpr size_t kLongestLine = 2000;  // bytes that are drawn

struct Mark {
  uint32_t first = 1, last = 1;  // columns, last is one past
  bool main = false;
  std::string text;
};
using Lines = std::map<uint32_t, std::vector<Mark>>;

uint32_t columns(std::string_view text) {
  return static_cast<uint32_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

// A span of several lines is underlined on its first one.
void place(const SourceMap& sources, Lines& lines, Span span, bool main, const std::string& text) {
  const Position begin = sources.position(span.file, span.begin), end = sources.position(span.file, span.end);
  const uint32_t line_end = columns(sources.line(span.file, begin.line)) + 1;
  const uint32_t last = end.line == begin.line ? end.column : line_end;
  lines[begin.line].push_back({begin.column, std::max(last, begin.column + 1), main, text});
}

std::string expand_tabs(std::string_view line) {
  std::string out;
  for (char c : line) out += c == '\t' ? ' ' : c;
  return out;
}

// Underlines of one line; the rightmost label stands beside its mark, the others below with a stem each.
void draw_marks(std::string& out, std::vector<Mark> marks, const std::string& gutter, Paint paint, const char* colour) {
  std::ranges::sort(marks, {}, [](const Mark& mark) { return std::pair(mark.first, !mark.main); });
  std::string signs;  // what is labelled stands out of the main underline
  for (const bool main : {true, false})
    for (const Mark& mark : marks) {
      if (mark.main != main) continue;
      if (signs.size() < mark.last - 1) signs.resize(mark.last - 1, ' ');
      for (uint32_t i = mark.first - 1; i < mark.last - 1; ++i) signs[i] = main ? '^' : '-';
    }
  std::string row;
  for (size_t i = 0, end = 0; i < signs.size(); i = end) {
    end = std::min(signs.find_first_not_of(signs[i], i), signs.size());
    const std::string run = signs.substr(i, end - i);
    row += signs[i] == ' ' ? run : paint(signs[i] == '^' ? colour : kBlue, run);
  }
  out += gutter + " " + row;
  const Mark& rightmost = marks.back();
  if (!rightmost.text.empty()) out += " " + paint(rightmost.main ? colour : kBlue, rightmost.text);
  out += "\n";
  for (size_t i = marks.size() - 1; i-- > 0;) {
    if (marks[i].text.empty()) continue;
    out += gutter + " " + std::string(marks[i].first - 1, ' ');
    out += paint(marks[i].main ? colour : kBlue, "| " + marks[i].text) + "\n";
  }
}

void draw_file(std::string& out, const SourceMap& sources, FileId file, const Lines& lines, size_t width, Paint paint,
               const char* colour) {
  const std::string gutter = std::string(width, ' ') + paint(kBlue, " |");
  out += gutter + "\n";
  uint32_t previous = 0;
  for (const auto& [number, marks] : lines) {
    if (previous != 0 && number > previous + 1) out += paint(kBlue, "...") + "\n";
    const std::string_view line = sources.line(file, number);
    const bool shown = line.size() <= kLongestLine;
    out += paint(kBlue, fmt::format("{:>{}} |", number, width)) + " " + (shown ? expand_tabs(line) : fmt::format("(a line of {} bytes)", line.size())) + "\n";
    if (shown) draw_marks(out, marks, gutter, paint, colour);
    previous = number;
  }
}

}  // namespace

std::string render(const SourceMap& sources, const Diagnostic& d, bool colours) {
  const Paint paint{colours};
  const bool error = d.severity == Severity::Error;
  const char* colour = error ? kRed : kYellow;
  std::string out = paint(colour, fmt::format("{}[{}]", error ? "error" : "warning", d.code));
  out += paint(kBold, ": " + d.message) + "\n";
  size_t width = 1;
  if (d.span.file.valid()) {
    std::map<FileId, Lines> files;
    place(sources, files[d.span.file], d.span, true, d.span_label);
    for (const Label& label : d.labels) place(sources, files[label.span.file], label.span, false, label.text);
    for (const auto& [file, lines] : files) width = std::max(width, std::to_string(lines.rbegin()->first).size());
    const Position at = sources.position(d.span.file, d.span.begin);
    out += fmt::format("{}{} {}:{}:{}\n", std::string(width, ' '), paint(kBlue, "-->"), sources.path(d.span.file), at.line,
                       at.column);
    draw_file(out, sources, d.span.file, files[d.span.file], width, paint, colour);
    for (const auto& [file, lines] : files) {
      if (file == d.span.file) continue;
      out += fmt::format("{}{} {}:{}\n", std::string(width, ' '), paint(kBlue, ":::"), sources.path(file), lines.begin()->first);
      draw_file(out, sources, file, lines, width, paint, colour);
    }
  }
  const std::string gutter = std::string(width, ' ') + paint(kBlue, " = ");
  for (const std::string& note : d.notes) out += gutter + paint(kBold, "note") + ": " + note + "\n";
  for (const std::string& help : d.helps) out += gutter + paint(kCyan, "help") + ": " + help + "\n";
  return out;
}

std::string json_quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\', out += c;
    else if (c == '\n') out += "\\n";
    else if (c == '\t') out += "\\t";
    else if (static_cast<unsigned char>(c) < 0x20) out += fmt::format("\\u{:04x}", static_cast<int>(c));
    else out += c;
  }
  return out + "\"";
}

namespace {

std::string json_place(const SourceMap& sources, Span span) {
  if (!span.file.valid()) return "\"file\":null";
  const Position begin = sources.position(span.file, span.begin), end = sources.position(span.file, span.end);
  return fmt::format(R"("file":{},"line":{},"column":{},"byte":{},"end_line":{},"end_column":{},"end_byte":{})",
                     json_quote(sources.path(span.file)), begin.line, begin.column, span.begin, end.line, end.column, span.end);
}

std::string json_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const std::string& text : texts) out += (out.size() > 1 ? "," : "") + json_quote(text);
  return out + "]";
}

}  // namespace

std::string render_json(const SourceMap& sources, const Diagnostic& d) {
  std::string labels = "[";
  for (const Label& label : d.labels)
    labels += fmt::format("{}{{{},\"text\":{}}}", labels.size() > 1 ? "," : "", json_place(sources, label.span),
                          json_quote(label.text));
  return fmt::format(R"({{"code":{},"severity":"{}","message":{},{},"label":{},"labels":{}],"notes":{},"helps":{}}})",
                     json_quote(d.code), d.severity == Severity::Error ? "error" : "warning", json_quote(d.message),
                     json_place(sources, d.span), json_quote(d.span_label), labels, json_list(d.notes), json_list(d.helps));
}

}  // namespace stark::diagnostics
