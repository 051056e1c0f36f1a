// vm/load/operands.cpp — what each operation reads and writes in the frame, by the rows of exec_ops.def and by its site.
// Room: vm/load. In: an operation. Out: accesses.
#include <algorithm>

#include "vm/load/code.h"

namespace stark::vm {
namespace {

constexpr ExecRow kRows[] = {
#define EXEC(name, size, abc) {size, abc},
#include "vm/load/exec_ops.def"
};
constexpr uint32_t kSizes[] = {1, 2, 4, 8, 1, 2, 4, 8, 4, 8};  // by Number

using Kind = Access::Kind;

class Reader {
 public:
  Reader(const Program& program, std::vector<Access>& out) : types_(program.types()), out_(out) {}

  // The operand that a letter of a row is about.
  void letter(char letter, uint32_t& field, const Op& op, const ExecRow& row) {
    const uint32_t own = row.size != 0 ? row.size : static_cast<uint32_t>(op.imm);
    switch (letter) {
      case 'w':
      case 'W': return add(letter == 'w' ? Kind::Write : Kind::Read, field, own, &field);
      case 'u':
        add(Kind::Read, field, own, &field);
        return add(Kind::Write, field, own, &field);
      case 'S': return add(Kind::Read, field, kSizes[op.imm], &field);
      case 'E': return add(Kind::Escape, field, 1, nullptr);
      default: break;
    }
    constexpr std::string_view kWrites = "bhdqg", kReads = "BHDQG";
    if (const size_t k = kWrites.find(letter); k != kWrites.npos) return add(Kind::Write, field, 1u << k, &field);
    if (const size_t k = kReads.find(letter); k != kReads.npos) return add(Kind::Read, field, 1u << k, &field);
  }

  void site(const Op& op, Exec code) {
    if (code == Exec::Call || code == Exec::StaticLocal) return add(Kind::Write, op.a, op.c, nullptr);
    if (code == Exec::CallDyn) return add(Kind::Write, op.a, static_cast<uint32_t>(op.imm >> 32), nullptr);
    if (code == Exec::CallNative) {
      const auto& site = *static_cast<const NativeSite*>(op.site);
      for (const FrameValue& v : site.arguments) value(Kind::Read, v);
      return value(Kind::Write, site.result);
    }
    if (code == Exec::CallForeign) {
      const auto& site = *static_cast<const ForeignSite*>(op.site);
      for (const FrameValue& v : site.arguments) value(Kind::Read, v);
      return value(Kind::Write, site.result);
    }
    if (is_within(code, Exec::VecPush, Exec::StringPushStr)) {
      add(Kind::Read, op.a, 8, nullptr);
      return add(Kind::Read, op.b, op.c, nullptr);
    }
    if (code == Exec::Format) {
      for (const FrameValue& v : static_cast<const FormatSite*>(op.site)->operands) value(Kind::Read, v);
      return add(Kind::Write, op.a, 8, nullptr);
    }
    const auto& site = *static_cast<const TensorSite*>(op.site);
    for (const FrameValue& v : site.operands) value(Kind::Read, v);
    for (const FrameValue& v : site.targets) value(Kind::Write, v);
  }

 private:
  void add(Kind kind, uint32_t offset, uint32_t size, uint32_t* field) {
    if ((offset & kOutgoing) == 0 && size > 0) out_.push_back({kind, offset, size, field});
  }
  void value(Kind kind, const FrameValue& v) {
    add(kind, v.offset, v.type == spec::kNone ? spec::row_of(v.kind).size : types_.size(v.type), nullptr);
  }

  const TypeTables& types_;
  std::vector<Access>& out_;
};

bool has_site(Exec code) {
  return code == Exec::Call || code == Exec::StaticLocal || code == Exec::CallDyn || code == Exec::CallNative || code == Exec::CallForeign || is_within(code, Exec::VecPush, Exec::StringPushStr) || code == Exec::Format ||
         (code >= Exec::Tensor && code <= Exec::TensorNarrow);
}

}  // namespace

const ExecRow& row_of(Exec code) { return kRows[static_cast<size_t>(code)]; }

void accesses_of(const Program& program, Op& op, Exec code, std::vector<Access>& out) {
  out.clear();
  Reader reader(program, out);
  if (code == Exec::Repeat) {
    out.push_back({Kind::Read, op.b, op.c, nullptr});
    out.push_back({Kind::Write, op.a, op.c * static_cast<uint32_t>(op.imm), nullptr});
    return;
  }
  const ExecRow& row = row_of(code);
  if (code == Exec::CallDyn || !has_site(code)) {
    reader.letter(row.abc[1], op.b, op, row);
    reader.letter(row.abc[2], op.c, op, row);
    reader.letter(row.abc[0], op.a, op, row);
  }
  if (has_site(code)) reader.site(op, code);
}

}  // namespace stark::vm
