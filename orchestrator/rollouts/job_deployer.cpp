#include "orchestrator/rollouts/job_deployer.hpp"

#include "base/log.hpp"

namespace slipway::rollouts {
namespace {

runs::Outcome outcome_of(const store::Rollout& rollout) {
  runs::Outcome outcome;
  if (rollout.state == name_of(Stage::succeeded)) return outcome;
  outcome.verdict = rollout.state == name_of(Stage::stopped) ? runs::Verdict::cancelled : runs::Verdict::failed;
  outcome.reason = "rollout " + to_string(rollout.id) + " " + rollout.state + ": " + rollout.reason;
  return outcome;
}

}  // namespace

awaitable<Result<runs::Outcome>> JobDeployer::deploy(runs::DeployRequest request,
                                                     std::function<void(std::string)> say) {
  RolloutOrder order;
  order.generation.project = request.project;
  order.generation.run = request.run;
  order.generation.compose.text = request.compose;
  order.generation.compose.path = request.compose_path;
  order.generation.compose.variables["SLIPWAY_COMMIT"] = request.commit;
  order.generation.group = request.group;
  for (const auto& [service, image] : request.images) {
    order.generation.images[service] = image.repository + "@" + image.digest;
  }
  order.job = request.job;
  order.attempt = request.attempt;
  order.requested_by = "run " + to_string(request.run);
  auto id = co_await rollouts_.start(std::move(order));
  if (!id) {
    // The hint lists every mistake in the Compose file.
    if (say && !id.error().hint.empty()) say(id.error().hint);
    if (id.error().transient()) co_return fail(id.error());
    runs::Outcome outcome;
    outcome.verdict = runs::Verdict::failed;
    outcome.reason = id.error().message;
    co_return outcome;
  }
  if (say) say("rollout " + to_string(*id));
  auto ended = co_await rollouts_.wait(*id, std::move(say));
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
