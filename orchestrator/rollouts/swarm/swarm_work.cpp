#include "orchestrator/rollouts/swarm/swarm_work.hpp"

#include <algorithm>
#include <set>

#include "base/encoding.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/rollouts/swarm/swarm_status.hpp"

namespace slipway::rollouts::swarm {
namespace {

constexpr Milliseconds poll{250};
constexpr int most_tries = 10;  // of an update that others get in the way of
constexpr Milliseconds conflict_pause{200};

std::vector<Wanted> of_service(const std::vector<Wanted>& wanted, const std::string& service) {
  std::vector<Wanted> found;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(found),
               [&](const Wanted& one) { return one.service == service; });
  return found;
}

std::string repository_of(const std::string& image) {
  return image.substr(0, image.rfind('@'));
}

}  // namespace

awaitable<Result<void>> SwarmWork::reach(HostStage stage, Heading heading, TargetPtr target, std::string application) {
  application_ = std::move(application);
  evidence_.clear();
  why_not_.clear();
  auto manager = co_await hosts_.manager(swarm_);
  if (!manager) co_return fail(manager.error());
  manager_ = *manager;
  switch (stage) {
    case HostStage::pending:
    case HostStage::pulled:  // the nodes pull when their tasks come
    case HostStage::attached:
    case HostStage::old_drained:
      co_return Result<void>();
    case HostStage::created:
      co_return co_await prepare(target);
    case HostStage::started:
      co_return co_await ask_for_all(heading, target);
    case HostStage::healthy:
      co_return co_await wait_settled(target->wanted, target);
    case HostStage::old_stopped:
      co_return co_await remove_old(target);
    case HostStage::committed:
      co_return co_await prune(target);
  }
  co_return fail(Error::Kind::internal, "no such stage");
}

awaitable<Result<void>> SwarmWork::prepare(TargetPtr target) {
  for (const Network& network : target->application.networks) {
    if (auto made = co_await ensure_network(network, target); !made) co_return made;
  }
  auto kept = co_await keep_files(target);
  if (!kept) co_return fail(kept.error());
  co_return Result<void>();
}

Result<void> SwarmWork::check_owner(const docker::Labels& labels, const std::string& what) const {
  const bool ours =
      label_of(labels, label::instance) == maker_.instance && label_of(labels, label::application) == application_;
  if (ours) return {};
  return fail(Error::Kind::conflict, what + " is there already, and is not this application's",
              "remove it; slipway does not touch what it did not make");
}

awaitable<Result<void>> SwarmWork::ensure_network(Network network, TargetPtr target) {
  docker::Networks& networks = manager_->networks();
  docker::NetworkSpec spec = overlay_spec(target->application, network, maker_);
  const std::string hash = spec.labels[std::string(label::spec_hash)];
  const std::string what = "network " + network.name;
  auto there = co_await networks.inspect(network.name);
  if (!there && there.error().kind == Error::Kind::not_found && !network.external) {
    auto made = co_await networks.create(std::move(spec));
    if (made) co_return Result<void>();
    if (made.error().kind != Error::Kind::conflict) co_return fail(made.error().in("create " + what));
    there = co_await networks.inspect(network.name);
  }
  if (!there) co_return fail(there.error().in(what));
  if (there->scope != "swarm") {
    co_return fail(Error::Kind::conflict, what + " is there, and is no network of the swarm");
  }
  if (!network.external || !label_of(there->labels, label::application).empty()) {
    if (auto ours = check_owner(there->labels, what); !ours) co_return ours;
  }
  if (network.external || label_of(there->labels, label::spec_hash) == hash) co_return Result<void>();
  co_return fail(Error::Kind::conflict, what + " is there with another definition",
                 "give the changed network another name, or declare it external");
}

awaitable<Result<KeptFiles>> SwarmWork::keep_files(TargetPtr target) {
  auto secrets = co_await keep_files_of(&manager_->secrets(), target->application.secrets, target);
  if (!secrets) co_return secrets;
  auto configs = co_await keep_files_of(&manager_->configs(), target->application.configs, target);
  if (!configs) co_return configs;
  secrets->merge(*configs);  // their keys are different
  co_return secrets;
}

namespace {

/// The name tells nothing of a short secret to those who may list names but don't know the installation's id.
std::string name_in_swarm(const Maker& maker, const std::string& application, const FileSource& source,
                          const Secret& content) {
  return file_name(application, source.key, to_hex(hmac_sha256(maker.instance, content.reveal())));
}

}  // namespace

awaitable<Result<KeptFiles>> SwarmWork::keep_files_of(docker::SwarmFiles* kept, std::vector<FileSource> sources,
                                                      TargetPtr target) {
  KeptFiles files;
  if (sources.empty()) co_return files;
  docker::Filters ours;
  ours.label(std::string(label::application), application_);
  auto listed = co_await kept->list(ours);
  if (!listed) co_return fail(listed.error());
  for (const FileSource& source : sources) {
    const auto lost = target->lost.find(source.key);
    if (lost != target->lost.end()) co_return fail(Error::Kind::not_found, lost->second);
    const auto content = target->secrets.find(source.key);
    if (content == target->secrets.end()) co_return fail(Error::Kind::internal, "no content of " + source.key);
    KeptFile file;
    file.name = name_in_swarm(maker_, application_, source, content->second);
    const auto there = std::find_if(listed->begin(), listed->end(),
                                    [&](const docker::SwarmFile& one) { return one.name == file.name; });
    if (there != listed->end()) {
      if (auto owned = check_owner(there->labels, file.name); !owned) co_return fail(owned.error());
      file.id = there->id;
    } else {
      docker::Labels labels = owner_labels(target->application, maker_);
      auto made = co_await kept->create(file.name, std::move(labels), content->second.reveal());
      if (!made) co_return fail(made.error());
      file.id = *made;
    }
    files[source.key] = std::move(file);
  }
  co_return files;
}

awaitable<Result<void>> SwarmWork::ask_for_all(Heading heading, TargetPtr target) {
  auto files = co_await keep_files(target);
  if (!files) co_return fail(files.error());
  for (const Service* service : in_start_order(target->application)) {
    std::vector<Wanted> needed;
    for (const Dependency& on : service->depends_on) {
      if (on.condition != Dependency::Condition::healthy) continue;
      for (Wanted& one : of_service(target->wanted, on.service)) needed.push_back(std::move(one));
    }
    if (!needed.empty()) {
      if (auto settled = co_await wait_settled(needed, target); !settled) co_return settled;
    }
    for (const Wanted& wanted : of_service(target->wanted, service->name)) {
      if (auto asked = co_await ask_for(wanted, heading, *files, target); !asked) co_return asked;
    }
  }
  co_return Result<void>();
}

/// Looks again where somebody else was faster.
awaitable<Result<void>> SwarmWork::ask_for(Wanted wanted, Heading heading, KeptFiles files, TargetPtr target) {
  const Service* service = target->service(wanted.service);
  if (service == nullptr) co_return fail(Error::Kind::internal, "the generation has no service " + wanted.service);
  docker::ServiceSpec spec = service_spec(target->application, *service, wanted, maker_, files);
  if (!target->record.empty()) spec.labels[std::string(label::record)] = target->record;
  Error last(Error::Kind::conflict, "service " + wanted.name);
  for (int i = 0; i < most_tries; ++i) {
    Result<void> asked;
    auto view = co_await look_at_service(manager_, wanted.name);
    if (!view && view.error().kind != Error::Kind::not_found) co_return fail(view.error());
    if (view) {
      if (auto owned = check_owner(view->service.labels, "service " + wanted.name); !owned) co_return owned;
      if (was_asked(*view, wanted, maker_.rollout) && !changed_by_hand(*view, spec)) co_return Result<void>();
      asked = co_await change(std::move(*view), wanted, heading, spec);
    } else {
      asked = co_await make(wanted, spec);
    }
    if (asked || asked.error().kind != Error::Kind::conflict) co_return asked;
    last = asked.error();
    co_await sleep_for(conflict_pause);
  }
  co_return fail(std::move(last));
}

/// Since somebody asked for it; what this rollout itself asked for is never asked for again.
bool SwarmWork::changed_by_hand(const ServiceView& view, const docker::ServiceSpec& asked) const {
  const docker::Labels& labels = view.service.labels;
  const bool as_asked = label_of(labels, label::spec_hash) == label_of(asked.labels, label::spec_hash) &&
                        label_of(labels, label::generation) == label_of(asked.labels, label::generation);
  if (!as_asked || label_of(labels, label::rollout) == std::to_string(maker_.rollout)) return false;
  return !changes_of(view.service.spec, asked).empty();
}

awaitable<Result<void>> SwarmWork::make(Wanted wanted, docker::ServiceSpec spec) {
  auto auth = co_await registries_.credentials(repository_of(wanted.image));
  if (!auth) co_return fail(auth.error());
  auto made = co_await manager_->services().create(std::move(spec), std::move(*auth));
  if (!made) co_return fail(made.error());
  co_return Result<void>();
}

/// On the way back the swarm's own rollback is asked for where it leads to what is wanted, so that `rollback_config`
/// counts. Not with secrets and configs: those that it would go back to may be gone, and made again under another id.
awaitable<Result<void>> SwarmWork::change(ServiceView view, Wanted wanted, Heading heading, docker::ServiceSpec spec) {
  const auto& before = view.service.previous_labels;
  const bool by_itself = heading == Heading::back && before && is_as_asked(*before, wanted) && spec.secrets.empty() &&
                         spec.configs.empty();
  if (by_itself) co_return co_await manager_->services().roll_back(view.service);
  auto auth = co_await registries_.credentials(repository_of(wanted.image));
  if (!auth) co_return fail(auth.error());
  const std::uint64_t version = view.service.version;
  co_return co_await manager_->services().update(view.service.id, version, std::move(spec), std::move(*auth));
}

awaitable<Result<Verdict>> SwarmWork::look(TargetPtr target) {
  auto manager = co_await hosts_.manager(swarm_);
  if (!manager) co_return fail(manager.error());
  manager_ = *manager;
  co_return co_await look_at(target->wanted);
}

awaitable<Result<Verdict>> SwarmWork::look_at(std::vector<Wanted> wanted) {
  Verdict all;
  all.kind = Verdict::Kind::settled;
  auto nodes = co_await node_names(manager_);
  if (!nodes) co_return fail(nodes.error());
  for (const Wanted& one : wanted) {
    auto view = co_await look_at_service(manager_, one.name);
    if (!view && view.error().kind == Error::Kind::not_found) {
      all.kind = Verdict::Kind::failed;
      all.reason = "service " + one.service + " was removed by somebody";
      co_return all;
    }
    if (!view) co_return fail(view.error());
    Verdict verdict = judge(*view, one, *nodes);
    if (verdict.kind == Verdict::Kind::failed) co_return verdict;
    if (verdict.kind == Verdict::Kind::wait && all.kind == Verdict::Kind::settled) {
      all.kind = verdict.kind;
      all.reason = verdict.reason;
    }
    all.running += verdict.running;
    all.wanted += verdict.wanted;
    all.tasks.insert(all.tasks.end(), verdict.tasks.begin(), verdict.tasks.end());
  }
  co_return all;
}

/// A task that is made anew has another id: the same ones must run for so long.
awaitable<Result<void>> SwarmWork::wait_settled(std::vector<Wanted> wanted, TargetPtr target) {
  std::vector<std::string> tasks;
  Time since{};
  for (;;) {
    auto verdict = co_await look_at(wanted);
    if (!verdict) co_return fail(verdict.error());
    why_not_ = verdict->reason;
    if (verdict->kind == Verdict::Kind::failed) {
      const Service* service = target->service(verdict->service);
      const bool tty = service != nullptr && service->tty;
      if (!verdict->failed_task.empty()) {
        evidence_ = co_await last_words_of_task(*manager_, verdict->failed_task, tty);
      }
      co_return fail(Error::Kind::failed, verdict->reason);
    }
    const Time now = clock_.now();
    const bool settled = verdict->kind == Verdict::Kind::settled;
    if (!settled || verdict->tasks != tasks) since = now;
    tasks = std::move(verdict->tasks);
    if (settled && now - since >= target->application.policy.min_healthy_time) co_return Result<void>();
    if (settled) why_not_ = "the tasks do not run for long enough without a break";
    co_await sleep_for(poll);
  }
}

awaitable<Result<void>> SwarmWork::remove_old(TargetPtr target) {
  docker::Filters ours;
  ours.label(std::string(label::instance), maker_.instance);
  ours.label(std::string(label::application), application_);
  auto listed = co_await manager_->services().list(std::move(ours));
  if (!listed) co_return fail(listed.error());
  for (const docker::Service& service : *listed) {
    const bool wanted = std::any_of(target->wanted.begin(), target->wanted.end(),
                                    [&](const Wanted& one) { return one.name == service.name; });
    if (wanted) continue;
    if (auto removed = co_await manager_->services().remove(service.id); !removed) co_return removed;
  }
  co_return Result<void>();
}

namespace {

std::string record_name(const Target& target) {
  return file_name(target.application.name, "slipway-record", std::to_string(target.spec.number));
}

}  // namespace

/// For `slipway app adopt`: services that a generation did not change carry the record of an earlier one.
awaitable<Result<void>> SwarmWork::keep_record(TargetPtr target) {
  if (target->record.empty()) co_return Result<void>();
  docker::Labels labels = owner_labels(target->application, maker_);
  labels[std::string(label::generation)] = std::to_string(target->spec.number);
  labels[std::string(label::record)] = target->record;
  const std::string text = "generation " + std::to_string(target->spec.number) + " of " + application_ + "\n";
  auto made = co_await manager_->configs().create(record_name(*target), std::move(labels), text);
  if (!made && made.error().kind != Error::Kind::conflict) co_return fail(made.error());
  co_return Result<void>();
}

awaitable<Result<void>> SwarmWork::prune(TargetPtr target) {
  if (auto kept = co_await keep_record(target); !kept) co_return kept;
  auto secrets = co_await prune_files(&manager_->secrets(), target->application.secrets, target);
  if (!secrets) co_return secrets;
  co_return co_await prune_files(&manager_->configs(), target->application.configs, target);
}

awaitable<Result<void>> SwarmWork::prune_files(docker::SwarmFiles* kept, std::vector<FileSource> sources,
                                               TargetPtr target) {
  std::set<std::string> used{record_name(*target)};
  for (const FileSource& source : sources) {
    const auto content = target->secrets.find(source.key);
    if (content == target->secrets.end()) continue;
    used.insert(name_in_swarm(maker_, application_, source, content->second));
  }
  docker::Filters ours;
  ours.label(std::string(label::instance), maker_.instance);
  ours.label(std::string(label::application), application_);
  auto listed = co_await kept->list(std::move(ours));
  if (!listed) co_return fail(listed.error());
  for (const docker::SwarmFile& file : *listed) {
    if (used.contains(file.name)) continue;
    auto removed = co_await kept->remove(file.id);
    // In use: by a service that somebody changed by hand, or one that is just being removed. The next rollout sees it.
    if (!removed && removed.error().kind != Error::Kind::invalid) co_return removed;
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts::swarm
