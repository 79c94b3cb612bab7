#include "orchestrator/rollouts/job_deployer.hpp"

#include <filesystem>

#include "base/log.hpp"

namespace slipway::rollouts {
namespace {

runs::Outcome outcome_of(const store::Rollout& rollout) {
  runs::Outcome outcome;
  if (rollout.state == name_of(Stage::succeeded)) return outcome;
  const bool called_off = rollout.state == name_of(Stage::stopped) || rollout.state == name_of(Stage::superseded);
  outcome.verdict = called_off ? runs::Verdict::cancelled : runs::Verdict::failed;
  outcome.reason = "rollout " + to_string(rollout.id) + " " + rollout.state + ": " + rollout.reason;
  return outcome;
}

/// The hint lists every mistake in the Compose file.
runs::Outcome refusal(const Error& error, const std::function<void(std::string)>& say) {
  if (say && !error.hint.empty()) say(error.hint);
  runs::Outcome outcome;
  outcome.verdict = runs::Verdict::failed;
  outcome.reason = error.message;
  return outcome;
}

}  // namespace

/// What `file:` of secrets and configs and `env_file` name, from the Compose file's folder. An env_file that may be
/// absent and is has no entry.
awaitable<Result<std::map<std::string, std::string>>> JobDeployer::files_of(runs::DeployRequest request,
                                                                            ComposeText compose) {
  const auto application = decode_compose(compose, rules_);
  if (!application) co_return fail(application.error());
  std::map<std::string, bool> wanted;  // path → whether it has to be there
  for (const auto* sources : {&application->secrets, &application->configs}) {
    for (const FileSource& source : *sources) {
      if (source.kind == FileSource::Kind::file) wanted[source.value] = true;
    }
  }
  for (const Service& service : application->services) {
    for (const EnvFile& file : service.env_files) wanted[file.path] = wanted[file.path] || file.required;
  }
  std::map<std::string, std::string> files;
  if (!request.read_file) co_return files;
  const auto folder = std::filesystem::path(compose.path).parent_path();
  for (const auto& [path, required] : wanted) {
    auto reading = request.read_file((folder / path).lexically_normal().string());
    auto text = co_await std::move(reading);
    if (text) files[path] = std::move(*text);
    if (!text && (required || text.error().kind != Error::Kind::not_found)) co_return fail(text.error());
  }
  co_return files;
}

awaitable<Result<runs::Outcome>> JobDeployer::deploy(runs::DeployRequest request,
                                                     std::function<void(std::string)> say) {
  RolloutOrder order;
  order.generation.project = request.project;
  order.generation.run = request.run;
  order.generation.compose.text = request.compose;
  order.generation.compose.path = request.compose_path;
  order.generation.compose.variables["SLIPWAY_COMMIT"] = request.commit;
  order.generation.group = order.generation.compose.group = request.group;
  auto files = co_await files_of(request, order.generation.compose);
  if (!files) co_return refusal(files.error(), say);
  order.generation.files = std::move(*files);
  for (const auto& [service, image] : request.images) {
    order.generation.images[service] = image.repository + "@" + image.digest;
  }
  order.job = request.job;
  order.attempt = request.attempt;
  order.requested_by = "run " + to_string(request.run);
  auto id = co_await rollouts_.start(std::move(order));
  if (!id && id.error().transient()) co_return fail(id.error());
  if (!id) co_return refusal(id.error(), say);
  if (say) say("rollout " + to_string(*id));
  auto ended = co_await rollouts_.wait(*id, std::move(say), std::move(request.waits));
  if (!ended) co_return fail(ended.error());
  if (!ended->ended) co_return fail(Error::Kind::unavailable, "rollout " + to_string(*id) + " is not being worked on");
  co_return outcome_of(*ended);
}

void JobDeployer::stop(RunId run, const std::string& job, int attempt) {
  tasks_.spawn("stop a rollout", stop_rollout(run, job, attempt));
}

awaitable<void> JobDeployer::stop_rollout(RunId run, std::string job, std::int64_t attempt) {
  auto rollout = co_await store_.read(&store::Rollouts::find, run, job, attempt);
  if (!rollout) co_return;
  const std::string by = "run " + to_string(run);
  auto asked = co_await rollouts_.ask(rollout->id, Verb::roll_back, by);
  if (!asked) log::info("a rollout could not be stopped", {{"rollout", rollout->id}, {"why", asked.error()}});
}

}  // namespace slipway::rollouts
