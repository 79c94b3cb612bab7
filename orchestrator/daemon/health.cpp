#include "orchestrator/daemon/health.hpp"

#include <fstream>

#include <fmt/format.h>
#include <unistd.h>

#include "orchestrator/store/figures.hpp"

namespace slipway::daemon {
namespace {

constexpr std::string_view kEngineHint = "nothing new starts until it answers; steps that run are left alone";

constexpr std::string_view kDiskHint =
    "nothing new starts until there is room on the disk of the data folder; what runs goes on, its output is kept "
    "later";

/// Resident memory in bytes; 0 if the kernel does not say.
std::int64_t resident_bytes() {
  std::ifstream file("/proc/self/statm");
  std::int64_t size = 0, resident = 0;
  file >> size >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

void family(std::string& text, const char* name, const char* type, const char* help) {
  text += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
}

void by_label(std::string& text, const char* name, const char* label,
              const std::map<std::string, std::int64_t>& counts) {
  for (const auto& [value, count] : counts) text += fmt::format("{}{{{}=\"{}\"}} {}\n", name, label, value, count);
}

}  // namespace

awaitable<std::vector<http::Check>> Health::checks() {
  const store::Condition condition = store_.condition();
  const std::string out = engine_();
  std::vector<http::Check> checks;
  checks.push_back({"store", condition.kind == store::Condition::Kind::writable, condition.reason, condition.hint});
  const std::string unwritten = logs_.trouble();
  checks.push_back({"logs", unwritten.empty(), unwritten, unwritten.empty() ? "" : std::string(kDiskHint)});
  checks.push_back({"engine", out.empty(), out, out.empty() ? "" : std::string(kEngineHint)});
  co_return checks;
}

awaitable<std::string> Health::metrics() {
  std::string text;
  family(text, "slipway_build_info", "gauge", "The daemon's version.");
  text += "slipway_build_info{version=\"" SLIPWAY_VERSION "\"} 1\n";
  family(text, "slipway_engine_up", "gauge", "1 if the engine for builds and steps answers.");
  text += fmt::format("slipway_engine_up {}\n", engine_().empty() ? 1 : 0);
  family(text, "slipway_store_commits_total", "counter", "Transactions committed since the start.");
  text += fmt::format("slipway_store_commits_total {}\n", store_.commits());
  family(text, "process_resident_memory_bytes", "gauge", "Resident memory.");
  text += fmt::format("process_resident_memory_bytes {}\n", resident_bytes());
  const Result<store::Figures> figures = co_await store_.read(&store::Counts::all);
  if (!figures) co_return text;
  family(text, "slipway_runs", "gauge", "Runs that have not finished, by state.");
  by_label(text, "slipway_runs", "state", figures->runs_by_state);
  family(text, "slipway_runs_finished", "gauge", "Finished runs in the store, by verdict.");
  by_label(text, "slipway_runs_finished", "verdict", figures->runs_by_verdict);
  family(text, "slipway_deliveries", "gauge", "Webhook deliveries in the store, by decision.");
  by_label(text, "slipway_deliveries", "decision", figures->deliveries_by_decision);
  family(text, "slipway_messages", "gauge", "Messages to other systems in the outbox, by state.");
  by_label(text, "slipway_messages", "state", figures->messages_by_state);
  family(text, "slipway_rollouts_open", "gauge", "Rollouts that have not ended.");
  text += fmt::format("slipway_rollouts_open {}\n", figures->open_rollouts);
  co_return text;
}

}  // namespace slipway::daemon
