// tools/oracle/web.h — which origins may be the same, and what references of each may stand for.
// Room: tools/oracle. Essay: README.md, "Loans". In: flows between origins. Out: their loans.
#pragma once

#include <map>
#include <set>

#include "tools/oracle/types.h"

namespace stark::oracle {

using Loan = uint32_t;  // the word of its borrow, or kNamed with an origin of the signature that stands for itself
inline constexpr Loan kNamed = 1u << 31;
using Loans = std::set<Loan>;

class Web {
 public:
  const Loans& loans(Origin o) const;
  void add(Origin o, const Loans& more);
  // What flows into one of them flows into the other as well, as long as both are known.
  void tie(Origin a, Origin b);
  void forget(Origin o);
  void end_loan(const std::set<Loan>& gone);
  // Takes in what another path knows.
  bool join(const Web& other);
  std::vector<Origin> known() const;

 private:
  Origin leader(Origin o) const;
  std::map<Origin, Origin> leaders_;          // of those known; a group is named by one of its members
  std::map<Origin, std::set<Origin>> members_;  // by leader
  std::map<Origin, Loans> loans_;             // by leader
};

}  // namespace stark::oracle
