// vm/load/split.cpp — copies of several words become copies of the parts that are used apart, so that each part can be reasoned about.
// Room: vm/load. In: Improvable. Out: Code that does the same, with more and smaller copies.
#include <algorithm>

#include "vm/load/improve.h"

namespace stark::vm {
namespace {

constexpr uint32_t kMostBytes = 48;   // of a copy
constexpr size_t kMostParts = 6;
constexpr int kMostPasses = 8;

class Splitter {
 public:
  explicit Splitter(Improvable& it) : it_(it), code_(it.code), is_open_(it.frame_end, false), cuts_(it.frame_end + 1, false) {}

  void run() {
    find_open();
    find_cuts();
    bool any = false;
    std::vector<uint32_t> moved(code_.ops.size() + 1);
    Code made{code_.handlers, {}, {}, {}, {}};
    for (size_t at = 0; at < code_.ops.size(); ++at) {
      moved[at] = static_cast<uint32_t>(made.ops.size());
      const auto parts = parts_of(at);
      any |= parts.size() > 1;
      if (parts.size() <= 1) {
        made.add(code_.ops[at], code_.codes[at], code_.origins[at]);
        continue;
      }
      for (const auto& [from, size] : parts) add_part(made, at, from, size);
    }
    if (!any) return;
    moved[code_.ops.size()] = static_cast<uint32_t>(made.ops.size());
    made.labels = std::move(code_.labels);
    for (uint32_t& label : made.labels) label = moved[label];
    code_ = std::move(made);
  }

 private:
  struct Part {
    uint32_t from, size;  // bytes from the start of the copy
  };

  // A copy or clearing of more than one word's part, between stretches that nobody else looks at.
  uint32_t size_of(size_t at) const {
    const Op& op = code_.ops[at];
    const Exec code = code_.codes[at];
    if ((op.a & kOutgoing) != 0) return 0;
    const bool is_copy = is_within(code, Exec::Mov2, Exec::MovN);
    if (!is_copy && code != Exec::Zero) return 0;
    const uint64_t size = row_of(code).size != 0 ? row_of(code).size : op.imm;
    if (size < 2 || size > kMostBytes || !is_open_[op.a] || (is_copy && !is_open_[op.b])) return 0;
    if (is_copy && std::max(op.a, op.b) - std::min(op.a, op.b) < size) return 0;
    return static_cast<uint32_t>(size);
  }

  void find_open() {
    for (const Area& r : it_.areas) {
      if (!r.is_fixed) std::fill_n(is_open_.begin() + r.offset, r.size, true);
    }
    std::vector<Access> accesses;
    for (size_t at = 0; at < code_.ops.size(); ++at) {
      accesses_of(it_.program, code_.ops[at], code_.codes[at], accesses);
      for (const Access& a : accesses) {
        if (a.kind != Access::Kind::Escape) continue;
        const Area* area = it_.area_of(a.offset);
        if (area != nullptr) std::fill_n(is_open_.begin() + area->offset, area->size, false);
      }
    }
  }

  // Where what is read and written begins and ends, and where it does on the other side of each copy.
  void find_cuts() {
    std::vector<Access> accesses;
    std::vector<size_t> copies;
    for (size_t at = 0; at < code_.ops.size(); ++at) {
      accesses_of(it_.program, code_.ops[at], code_.codes[at], accesses);
      for (const Access& a : accesses) cuts_[a.offset] = cuts_[a.offset + std::max(a.size, 1u)] = true;
      if (size_of(at) > 0 && code_.codes[at] != Exec::Zero) copies.push_back(at);
    }
    bool is_new = true;
    for (int pass = 0; pass < kMostPasses && is_new; ++pass) {
      is_new = false;
      for (const size_t at : copies) {
        const Op& op = code_.ops[at];
        for (uint32_t b = 0, size = size_of(at); b < size; ++b) {
          if (cuts_[op.a + b] == cuts_[op.b + b]) continue;
          cuts_[op.a + b] = cuts_[op.b + b] = is_new = true;
        }
      }
    }
  }

  // Empty where the operation stays as it is.
  std::vector<Part> parts_of(size_t at) const {
    std::vector<Part> parts;
    const Op& op = code_.ops[at];
    const uint32_t size = size_of(at);
    for (uint32_t from = 0; from < size;) {
      uint32_t end = from + 1;
      while (end < size && !cuts_[op.a + end]) ++end;
      while (from < end) {
        uint32_t part = 8;
        const uint32_t place = code_.codes[at] == Exec::Zero ? op.a + from : (op.a + from) | (op.b + from);
        while (part > end - from || place % part != 0) part /= 2;
        parts.push_back({from, part});
        from += part;
      }
    }
    return parts.size() > kMostParts ? std::vector<Part>{} : parts;
  }

  void add_part(Code& made, size_t at, uint32_t from, uint32_t size) const {
    Op op = code_.ops[at];
    op.a += from;
    const bool is_zero = code_.codes[at] == Exec::Zero;
    op.imm = is_zero ? 0 : size;
    if (!is_zero) op.b += from;
    made.add(op, sized(is_zero ? Exec::Const1 : Exec::Mov1, size), code_.origins[at]);
  }

  Improvable& it_;
  Code& code_;
  std::vector<bool> is_open_, cuts_;  // by byte
};

}  // namespace

void split_copies(Improvable& it) { Splitter(it).run(); }

}  // namespace stark::vm
