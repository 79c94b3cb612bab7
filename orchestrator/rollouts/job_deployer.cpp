#include "orchestrator/rollouts/job_deployer.hpp"

#include <filesystem>

#include "base/log.hpp"

namespace slipway::rollouts {
namespace {

using namespace std::chrono_literals;

constexpr Duration ask_again = 500ms;

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
  const auto rules = co_await rules_of_project(store_, rules_, request.project);
  if (!rules) co_return fail(rules.error());
  const auto application = decode_compose(compose, *rules);
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

/// Known while a call is at it.
class JobDeployer::AtWork {
 public:
  AtWork(std::map<runs::DeploymentKey, bool>& all, runs::DeploymentKey key)
      : all_(all), place_(all_.emplace(std::move(key), false).first) {}
  ~AtWork() { all_.erase(place_); }
  AtWork(const AtWork&) = delete;
  AtWork& operator=(const AtWork&) = delete;

  [[nodiscard]] bool is_to_stop() const { return place_->second; }

 private:
  std::map<runs::DeploymentKey, bool>& all_;
  std::map<runs::DeploymentKey, bool>::iterator place_;
};

awaitable<Result<RolloutOrder>> JobDeployer::order_of(runs::DeployRequest request) {
  RolloutOrder order;
  order.generation.project = request.project;
  order.generation.run = request.key.run;
  order.generation.compose.text = request.compose;
  order.generation.compose.path = request.compose_path;
  order.generation.compose.variables["SLIPWAY_COMMIT"] = request.commit;
  order.generation.compose.application = request.application;
  order.generation.group = order.generation.compose.group = request.group;
  auto files = co_await files_of(request, order.generation.compose);
  if (!files) co_return fail(files.error());
  order.generation.files = std::move(*files);
  for (const auto& [service, image] : request.images) {
    order.generation.images[service] = image.repository + "@" + image.digest;
  }
  order.job = request.key.job;
  order.attempt = request.key.attempt;
  order.requested_by = "run " + to_string(request.key.run);
  co_return order;
}

awaitable<Result<runs::Outcome>> JobDeployer::deploy(runs::DeployRequest request, runs::DeploymentNews news) {
  const AtWork work(at_work_, request.key);
  auto order = co_await order_of(std::move(request));
  if (!order) co_return refusal(order.error(), news.say);
  if (work.is_to_stop()) co_return runs::Outcome{runs::Verdict::cancelled, "stopped before its rollout began"};
  auto id = co_await rollouts_.start(std::move(*order));
  if (!id && id.error().transient()) co_return fail(id.error());
  if (!id) co_return refusal(id.error(), news.say);
  co_return co_await follow(*id, std::move(news));
}

awaitable<Result<std::optional<runs::Outcome>>> JobDeployer::take_up(runs::DeploymentKey key,
                                                                     runs::DeploymentNews news) {
  const AtWork work(at_work_, key);
  auto known = co_await store_.read(&store::Rollouts::find, key.run, key.job, std::int64_t{key.attempt});
  if (!known && known.error().kind == Error::Kind::not_found) co_return std::nullopt;
  if (!known) co_return fail(known.error());
  co_return co_await follow(known->id, std::move(news));
}

awaitable<Result<runs::Outcome>> JobDeployer::follow(RolloutId rollout, runs::DeploymentNews news) {
  if (news.say) news.say("rollout " + to_string(rollout));
  auto ended = co_await rollouts_.wait(rollout, std::move(news.say), std::move(news.waits));
  if (!ended) co_return fail(ended.error());
  if (!ended->ended) {
    co_return fail(Error::Kind::unavailable, "rollout " + to_string(rollout) + " is not being worked on");
  }
  co_return outcome_of(*ended);
}

void JobDeployer::stop(const runs::DeploymentKey& key, const std::string& why) {
  const auto found = at_work_.find(key);
  if (found == at_work_.end() || std::exchange(found->second, true)) return;
  tasks_.spawn("stop a rollout", stop_rollout(key, why));
}

/// There may be no rollout yet, or one that can't be asked just now: the deployment is followed until one takes the
/// wish, or it has ended.
awaitable<void> JobDeployer::stop_rollout(runs::DeploymentKey key, std::string why) {
  const std::string by = "run " + to_string(key.run);
  const std::string cause = "job " + key.job + ": " + why;
  for (bool told = false; at_work_.contains(key); co_await sleep_for(ask_again)) {
    auto rollout = co_await store_.read(&store::Rollouts::find, key.run, key.job, std::int64_t{key.attempt});
    if (!rollout) continue;
    auto asked = co_await rollouts_.ask(rollout->id, Verb::roll_back, by, cause);
    if (asked) co_return;
    if (!std::exchange(told, true)) {
      log::info("a rollout can't be stopped now", {{"rollout", rollout->id}, {"why", asked.error()}});
    }
  }
}

}  // namespace slipway::rollouts
