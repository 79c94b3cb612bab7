// `jobs`: what is around the work: order, condition, matrix, timeout, retry.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {
using std::chrono::hours;
using std::chrono::seconds;
constexpr std::int64_t most_retries = 10;
constexpr hours longest_timeout = hours(24 * 7);
const std::vector<std::string_view> retry_reasons{"failure", "interrupted"};

enum class Kind : std::uint8_t { run, push, deploy };

Retry read_retry(const YamlNode& node, const Decoding& decoding) {
  Retry retry{0, true, true};
  if (!node.is_map()) {
    retry.max = static_cast<int>(read_integer(node, "`retry`", 0, most_retries, decoding.diagnostics).value_or(0));
    return retry;
  }
  MapReader map(node, "`retry`", decoding.diagnostics);
  if (const YamlNode* value = map.require("max", "max: 1")) {
    retry.max = static_cast<int>(read_integer(*value, "`max`", 0, most_retries, decoding.diagnostics).value_or(0));
  }
  if (const YamlNode* value = map.find("on")) {
    retry.on_failure = retry.on_interrupted = false;
    for (const Placed& reason : read_texts(*value, "`on`", retry_reasons.size(), decoding.diagnostics)) {
      retry.on_failure = retry.on_failure || reason.text == "failure";
      retry.on_interrupted = retry.on_interrupted || reason.text == "interrupted";
      if (std::find(retry_reasons.begin(), retry_reasons.end(), reason.text) == retry_reasons.end()) {
        decoding.diagnostics.error(reason.at, fmt::format("`on` of `retry` can't be `{}`", reason.text), reason.text,
                                   suggest(reason.text, retry_reasons));
      }
    }
    if (value->is_list() && value->items.empty()) {
      decoding.diagnostics.error(value->at, "`on` of `retry` is empty, so nothing would be retried", {},
                                 "list failure, interrupted or both");
    }
  }
  map.finish();
  return retry;
}

std::optional<Kind> kind_of(const YamlEntry& entry, const Decoding& decoding) {
  const YamlNode& job = entry.value;
  const bool runs = job.find("run") != nullptr || job.find("steps") != nullptr;
  const bool pushes = job.find("push") != nullptr;
  const bool deploys = job.find("deploy") != nullptr;
  const int kinds = (runs ? 1 : 0) + (pushes ? 1 : 0) + (deploys ? 1 : 0);
  if (kinds == 1) return runs ? Kind::run : pushes ? Kind::push : Kind::deploy;
  if (kinds > 1) {
    decoding.diagnostics.error(entry.at, fmt::format("the job `{}` does more than one thing", entry.key), entry.key,
                               "make jobs of their own of `run` (or `steps`), `push` and `deploy`, joined by `needs`");
    return std::nullopt;
  }
  const bool later = job.find("approval") != nullptr;  // reported as such; nothing else is missing then
  if (!later) {
    decoding.diagnostics.error(entry.at, fmt::format("the job `{}` does nothing", entry.key), entry.key,
                               "give it `run`, `steps`, `push` or `deploy`");
  }
  return std::nullopt;
}

void refuse_other_systems_keys(MapReader& map) {
  for (const char* key : {"approval", "cache", "artifacts", "reports", "notifications", "environment"}) map.later(key);
  map.foreign("runs-on", "jobs run in containers: write `image`");
  map.foreign("container", "write `image`");
  map.foreign("stage", "the order of jobs follows from `needs`");
  map.foreign("script", "write `run`");
  map.foreign("commands", "write `run`");
  map.foreign("before_script", "put the commands at the start of `run`");
  map.foreign("depends_on", "write `needs`");
  map.foreign("when", "write `if`");
  map.foreign("rules", "write `if`");
  map.foreign("strategy", "write `matrix` directly in the job");
  map.foreign("timeout-minutes", "write `timeout: 10m`");
  map.foreign("uses", "there are no actions: write the commands under `run`");
  map.foreign("volumes", "nothing of the host is given to a pipeline's containers");
  map.foreign("privileged", "a pipeline's containers are never privileged");
}

/// Keys that only a job which runs commands has.
void refuse_run_keys(const YamlEntry& entry, Kind kind, const Decoding& decoding) {
  constexpr std::string_view keys[] = {"image", "env", "secrets", "workdir", "limits", "services", "network", "matrix"};
  for (const YamlEntry& one : entry.value.entries) {
    const bool refused = std::find(std::begin(keys), std::end(keys), one.key) != std::end(keys);
    const bool retried = one.key == "retry" && kind == Kind::deploy;
    if (!refused && !retried) continue;
    const std::string_view does = kind == Kind::push ? "pushes" : "deploys";
    decoding.diagnostics.error(one.at, fmt::format("`{}` means nothing in a job that {}", one.key, does), one.key,
                               retried ? "a rollout is never tried again by itself; remove it" : "remove it");
  }
}

/// Pushes and deployments only ever follow success: an image whose tests failed must not get out.
void check_condition(const JobRecipe& job, const YamlNode& node, const Decoding& decoding) {
  if (!job.condition) return;
  bool refused = false;
  for (const char* function : {"always", "failure"}) {
    if (!job.condition->asks_for(function)) continue;
    refused = true;
    decoding.diagnostics.error(node.at, fmt::format("a push or a deployment can't run on `{}()`", function), node.text,
                               "only what has passed is pushed and deployed; remove it");
  }
  const bool success_implied = !job.condition->asks_for_status();
  if (refused || success_implied || !may_hold(*job.condition, Before::failed)) return;
  decoding.diagnostics.error(node.at, "a push or a deployment can't run after a job that failed or was skipped",
                             node.text, "leave `success()` out: it is asked anyway, besides the rest");
}

void read_work(JobRecipe& job, MapReader& map, const YamlEntry& entry, Kind kind, const Decoding& decoding,
               const Scope& scope) {
  if (kind == Kind::run) {
    job.work = decode_run_work(map, entry.key, decoding, scope);
    return;
  }
  refuse_run_keys(entry, kind, decoding);
  for (const char* key : {"image", "env", "secrets", "workdir", "limits", "services", "network"}) (void)map.find(key);
  const YamlNode* node = map.find(kind == Kind::push ? "push" : "deploy");
  if (node == nullptr) return;
  if (kind == Kind::push) job.work = decode_push_work(*node, decoding, scope);
  if (kind == Kind::deploy) job.work = decode_deploy_work(*node, decoding, scope);
}

JobRecipe read_job(const YamlEntry& entry, const Decoding& decoding) {
  JobRecipe job;
  job.name = entry.key;
  Scope scope = decoding.scope;
  job.rows.emplace_back();
  MapReader map(entry.value, fmt::format("the job `{}`", entry.key), decoding.diagnostics);
  if (!map.is_map()) return job;
  const std::optional<Kind> kind = kind_of(entry, decoding);
  if (const YamlNode* value = map.find("needs")) {
    for (Placed& need : read_texts(*value, "`needs`", bounds::needs, decoding.diagnostics))
      job.needs.push_back(std::move(need.text));
  }
  if (const YamlNode* value = map.find("matrix")) {
    Matrix matrix = decode_matrix(*value, decoding);
    scope.matrix.insert(matrix.keys.begin(), matrix.keys.end());
    job.rows = std::move(matrix.rows);
    job.matrix_keys = std::move(matrix.keys);
  }
  if (const YamlNode* value = map.find("if")) {
    job.condition = read_condition(*value, decoding, scope);
    if (kind && *kind != Kind::run) check_condition(job, *value, decoding);
  }
  if (const YamlNode* value = map.find("timeout")) {
    job.timeout =
        read_duration(*value, "`timeout`", seconds(1), longest_timeout, decoding.diagnostics).value_or(job.timeout);
  }
  if (const YamlNode* value = map.find("retry")) job.retry = read_retry(*value, decoding);
  if (kind) read_work(job, map, entry, *kind, decoding, scope);
  refuse_other_systems_keys(map);
  for (const char* key :
       {"image", "run", "steps", "push", "deploy", "env", "secrets", "workdir", "limits", "services", "network"}) {
    (void)map.find_maybe_empty(key);
  }
  map.finish();
  return job;
}
}  // namespace

std::vector<JobRecipe> decode_jobs(const YamlNode& node, const Decoding& decoding) {
  std::vector<JobRecipe> jobs;
  if (!node.is_map() || node.entries.empty()) {
    decoding.diagnostics.error(node.at, "`jobs` must be a map from names to jobs, with at least one", node.text,
                               "write `jobs: {unit: {image: …, run: […]}}`");
    return jobs;
  }
  if (node.entries.size() > bounds::jobs) {
    decoding.diagnostics.error(node.at, fmt::format("the file has more than {} jobs", bounds::jobs));
    return jobs;
  }
  std::size_t expanded = 0;
  for (const YamlEntry& entry : node.entries) {
    decoding.check(check_name(entry.key), entry.at, "the job", entry.key);
    JobRecipe job = read_job(entry, decoding);
    expanded += job.rows.size();
    if (expanded > bounds::jobs) {
      decoding.diagnostics.error(entry.at,
                                 fmt::format("the file makes more than {} jobs, matrices expanded", bounds::jobs),
                                 entry.key, "use fewer values in the matrices");
      return jobs;
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

}  // namespace slipway::pipelines
