// vm/verify/verify.cpp — the ordered list of proofs.
// Room: vm/verify. In: Bundle. Out: VerifiedModule, which nothing else can make.
#include "vm/verify/verify.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "vm/verify/proofs.h"
#include "vm/verify/refusals.h"

namespace stark::vm {

namespace {

// Below this many words of code one thread is done before others have begun.
constexpr size_t kWordsForThreads = 40'000;
constexpr unsigned kMostThreads = 8;

using Places = std::vector<uint32_t>;

// Functions say nothing of each other but by signatures, so each is proven by whoever comes to it; of several refusals the first function's counts.
Result<std::vector<Places>> prove_functions(const spec::Bundle& bundle, const Types& types) {
  const size_t count = bundle.module.functions.size();
  std::vector<Places> places(count);
  std::atomic<size_t> next{0}, refused{count};  // behind a function that is refused none is looked at any more
  std::mutex mutex;
  std::optional<Error> first;
  const auto work = [&] {
    FunctionProver prover(bundle, types);
    for (size_t f = next.fetch_add(1); f < count && f < refused.load(std::memory_order_relaxed); f = next.fetch_add(1)) {
      auto proven = prover.prove(static_cast<uint32_t>(f));
      if (proven) {
        places[f] = std::move(*proven);
        continue;
      }
      const std::scoped_lock lock(mutex);
      if (f < refused) refused = f, first = std::move(proven.error());
    }
  };
  const unsigned threads = bundle.module.code.size() < kWordsForThreads ? 1 : std::clamp(std::thread::hardware_concurrency(), 1u, kMostThreads);
  {
    std::vector<std::jthread> others;
    for (unsigned t = 1; t < threads; ++t) {
      try {
        others.emplace_back(work);
      } catch (const std::system_error&) {
        break;  // those that are there do it all
      }
    }
    work();
  }
  if (first) return std::unexpected(std::move(*first));
  return places;
}

}  // namespace

Result<VerifiedModule> verify(std::shared_ptr<const spec::Bundle> bundle) {
  const spec::Module& module = bundle->module;
  STARK_TRY(prove_structure(module));
  auto types = prove_types(module);
  if (!types) return std::unexpected(types.error());
  STARK_TRY(prove_signatures(module, *types));
  STARK_TRY(prove_vtables(module, *types));
  STARK_TRY(prove_statics(module, *types));
  STARK_TRY(prove_foreigns(module, *types));
  STARK_TRY(prove_graphs(module));
  auto places = prove_functions(*bundle, *types);
  if (!places) return std::unexpected(places.error());
  VerifiedModule verified;
  verified.place_types_ = std::move(*places);
  verified.all_types_ = std::make_shared<const Types>(std::move(*types));
  verified.types_ = verified.all_types_->facts;
  verified.bundle_ = std::move(bundle);
  return verified;
}

}  // namespace stark::vm
