#include "orchestrator/runs/all_of.hpp"

namespace slipway::runs {

awaitable<Result<void>> all_of(std::vector<awaitable<Result<void>>> works) {
  using namespace asio::experimental::awaitable_operators;
  if (works.empty()) co_return Result<void>();
  awaitable<Result<void>> first = std::move(works.front());
  works.erase(works.begin());
  if (works.empty()) co_return co_await std::move(first);
  auto both = std::move(first) && all_of(std::move(works));
  auto [one, rest] = co_await std::move(both);
  if (!one) co_return fail(one.error());
  co_return std::move(rest);
}

}  // namespace slipway::runs
