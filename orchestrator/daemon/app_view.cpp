// What an application should run and what its hosts show.
#include <algorithm>

#include "orchestrator/daemon/app_actions.hpp"
#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/generations.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/store/applications.hpp"

namespace slipway::daemon {
namespace {

using namespace std::chrono_literals;

constexpr Duration host_limit = 5s;
constexpr std::size_t log_bytes = 1 << 20;

std::string_view word_of(rollouts::Health health) {
  switch (health) {
    case rollouts::Health::healthy:
      return "healthy";
    case rollouts::Health::unhealthy:
      return "unhealthy";
    default:
      return "";
  }
}

http::AppContainer container_of(const rollouts::Shown& shown) {
  http::AppContainer container;
  container.service = shown.service;
  container.name = shown.name;
  container.digest = shown.digest;
  container.state = shown.status;
  container.health = word_of(shown.health);
  return container;
}

/// "web is missing, api does not run": empty if the host shows what is wanted.
std::string drift_of(const rollouts::Difference& difference) {
  std::string text;
  const auto add = [&](const std::string& what) { text += (text.empty() ? "" : "; ") + what; };
  for (const rollouts::Wanted& wanted : difference.missing) add(wanted.name + " is missing");
  for (const rollouts::Shown& shown : difference.asleep) add(shown.name + " does not run");
  for (const rollouts::Shown& shown : difference.surplus) add(shown.name + " runs and should not");
  for (const std::string& name : difference.clashes) add(name + " was changed by hand");
  return text;
}

}  // namespace

awaitable<Result<rollouts::GenerationSpec>> AppActions::promoted(std::string app) {
  const Result<store::Application> application = co_await store_.read(&store::Applications::get, app);
  if (!application) co_return fail(application.error());
  if (application->promoted == 0) co_return rollouts::GenerationSpec{};
  const Result<store::Generation> row =
      co_await store_.read(&store::Applications::generation, app, application->promoted);
  if (!row) co_return fail(row.error());
  co_return rollouts::from_row(*row);
}

awaitable<Result<std::vector<rollouts::Shown>>> AppActions::shown_on(std::string host, std::string app) {
  Result<docker::Engine*> engine = hosts_.engine(host);
  if (!engine) co_return fail(engine.error());
  auto looking = rollouts::look_at_host((*engine)->containers(), store_.instance(), app);
  co_return co_await with_deadline(host_limit, std::move(looking), "a look at " + host);
}

awaitable<void> AppActions::look(std::string app, const rollouts::GenerationSpec* spec, http::AppHost* host) {
  Result<std::vector<rollouts::Shown>> shown = co_await shown_on(host->host, app);
  if (!shown) {
    host->state = "unknown";
    host->reason = shown.error().message;
    co_return;
  }
  for (const rollouts::Shown& container : *shown) {
    if (!container.running) continue;
    host->containers.push_back(container_of(container));
    host->generation = std::max(host->generation, container.generation);
  }
  host->reason = drift_of(rollouts::difference(rollouts::wanted_of(*spec), *shown));
  host->state = host->reason.empty() ? "ok" : "drifted";
}

awaitable<Result<http::AppStatus>> AppActions::status(std::string app) {
  auto summarise = [app](store::Transaction& tx) { return summary(tx, app); };
  Result<http::AppSummary> summary = co_await store_.read(std::move(summarise));
  if (!summary) co_return fail(summary.error());
  Result<rollouts::GenerationSpec> spec = co_await promoted(app);
  if (!spec) co_return fail(spec.error());
  http::AppStatus status;
  status.summary = std::move(*summary);
  for (const rollouts::Release& release : spec->releases) status.images[release.service] = release.image;
  status.hosts.resize(spec->hosts.size());
  std::vector<awaitable<void>> looks;
  for (std::size_t i = 0; i < spec->hosts.size(); ++i) {
    status.hosts[i].host = spec->hosts[i];
    looks.push_back(look(app, &*spec, &status.hosts[i]));
  }
  co_await rollouts::run_all("look at hosts", std::move(looks));
  co_return status;
}

awaitable<void> AppActions::read_logs(http::AppLogsOrder order, std::string host,
                                      std::vector<http::AppLogLine>* lines) {
  Result<std::vector<rollouts::Shown>> shown = co_await shown_on(host, order.app);
  if (!shown) co_return;
  for (const rollouts::Shown& container : *shown) {
    if (!container.running || (!order.service.empty() && order.service != container.service)) continue;
    docker::Engine* engine = *hosts_.engine(host);
    auto reading =
        rollouts::log_tail(engine->containers(), container.id, static_cast<std::int64_t>(order.tail), log_bytes);
    Result<std::string> text = co_await with_deadline(host_limit, std::move(reading), "the log of " + container.name);
    if (!text) continue;
    for (std::size_t start = 0; start < text->size();) {
      const std::size_t end = std::min(text->find('\n', start), text->size());
      http::AppLogLine line;
      line.host = host;
      line.service = container.service;
      line.container = container.name;
      line.text = text->substr(start, end - start);
      lines->push_back(std::move(line));
      start = end + 1;
    }
  }
}

awaitable<Result<std::vector<http::AppLogLine>>> AppActions::logs(http::AppLogsOrder order) {
  Result<rollouts::GenerationSpec> spec = co_await promoted(order.app);
  if (!spec) co_return fail(spec.error());
  std::vector<std::vector<http::AppLogLine>> by_host(spec->hosts.size());
  std::vector<awaitable<void>> reads;
  for (std::size_t i = 0; i < spec->hosts.size(); ++i) {
    if (order.host.empty() || order.host == spec->hosts[i])
      reads.push_back(read_logs(order, spec->hosts[i], &by_host[i]));
  }
  co_await rollouts::run_all("read logs", std::move(reads));
  std::vector<http::AppLogLine> lines;
  for (auto& some : by_host) std::move(some.begin(), some.end(), std::back_inserter(lines));
  co_return lines;
}

}  // namespace slipway::daemon
