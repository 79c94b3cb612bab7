#pragma once
#include "orchestrator/http/actions.hpp"
#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/generation.hpp"
#include "orchestrator/rollouts/host_directory.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// What the API asks of applications and hosts. Borrows all it is given.
class AppActions {
 public:
  AppActions(store::Store& store, rollouts::HostDirectory& hosts, rollouts::Rollouts& rollouts)
      : store_(store), hosts_(hosts), rollouts_(rollouts) {}

  awaitable<Result<std::vector<http::AppSummary>>> list();
  awaitable<Result<http::AppStatus>> status(std::string app);
  awaitable<Result<std::vector<http::RolloutSummary>>> history(std::string app, std::size_t limit);
  awaitable<Result<std::vector<http::AppLogLine>>> logs(http::AppLogsOrder order);
  awaitable<Result<RolloutId>> roll_back(std::string app, http::Actor actor);
  awaitable<Result<std::vector<http::HostStatus>>> hosts();

 private:
  static Result<http::AppSummary> summary(store::Transaction& tx, const std::string& app);
  awaitable<Result<rollouts::GenerationSpec>> promoted(std::string app);
  awaitable<Result<std::vector<rollouts::Shown>>> shown_on(std::string host, std::string app);
  awaitable<void> look(std::string app, const rollouts::GenerationSpec* spec, http::AppHost* host);
  awaitable<void> read_logs(http::AppLogsOrder order, std::string host, std::vector<http::AppLogLine>* lines);

  store::Store& store_;
  rollouts::HostDirectory& hosts_;
  rollouts::Rollouts& rollouts_;
};

}  // namespace slipway::daemon
