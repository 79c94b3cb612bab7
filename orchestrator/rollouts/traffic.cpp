#include "orchestrator/rollouts/traffic.hpp"

namespace slipway::rollouts {
namespace {

class DirectTraffic final : public Traffic {
 public:
  awaitable<Result<void>> attach(std::vector<Backend>) override { co_return Result<void>(); }
  awaitable<Result<void>> detach(std::vector<Backend>) override { co_return Result<void>(); }
  awaitable<Result<std::optional<std::size_t>>> in_flight(std::vector<Backend>) override {
    co_return std::optional<std::size_t>();
  }
};

}  // namespace

std::unique_ptr<Traffic> direct_traffic() {
  return std::make_unique<DirectTraffic>();
}

}  // namespace slipway::rollouts
