#include "orchestrator/rollouts/generations.hpp"

#include <algorithm>
#include <set>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "docker-client/images.hpp"
#include "images/reference.hpp"
#include "orchestrator/rollouts/compose/env_file.hpp"
#include "orchestrator/rollouts/origin.hpp"
#include "orchestrator/rollouts/own_images.hpp"
#include "orchestrator/rollouts/record.hpp"
#include "orchestrator/rollouts/service_spec.hpp"
#include "orchestrator/rollouts/swarm/swarm_spec.hpp"
#include "orchestrator/runs/image_source.hpp"
#include "orchestrator/store/projects.hpp"

namespace slipway::rollouts {
namespace {

/// The image's id on the first host that has it: for images that no registry has.
awaitable<Result<std::string>> local_id(Parts& parts, std::string image, std::vector<std::string> hosts) {
  std::string why = "no host has it";
  const auto name = images::parse_reference(image);
  if (!name) co_return fail(name.error());
  for (const std::string& host : hosts) {
    auto engine = parts.hosts.engine(host);
    if (!engine) co_return fail(engine.error());
    docker::Images images((*engine)->transport());
    auto there = co_await with_deadline(std::chrono::seconds(10), images.inspect(image), "asking host " + host);
    if (there && runs::is_anybodys(*there, *name)) co_return there->id;
    if (!there && there.error().kind != Error::Kind::not_found) why = there.error().message;
  }
  co_return fail(Error::Kind::not_found, "image " + image + ": " + why, "its pull_policy is 'never'");
}

/// What the hosts will run for `service`: the run's own image, or a foreign one pinned as it is now.
awaitable<Result<std::string>> pin(Parts& parts, Service service, std::map<std::string, std::string> built,
                                   std::vector<OwnImage> of_run, std::vector<std::string> hosts, ProjectId project) {
  const auto own = built.find(service.name);
  if (own != built.end()) co_return own->second;
  if (service.image.empty()) {
    co_return fail(Error::Kind::invalid, "service '" + service.name + "' has no image",
                   "write `image:`, or name the service in the job's deploy.images");
  }
  const auto reference = images::parse_reference(service.image);
  if (!reference) co_return fail(reference.error().in("image of service '" + service.name + "'"));
  if (auto foreign = check_not_own(service, *reference, of_run); !foreign) co_return fail(foreign.error());
  if (!reference->digest.empty() || service.pull_policy == PullPolicy::never) {
    auto allowed = co_await parts.registries.check_access(service.image, project);
    if (!allowed) co_return fail(allowed.error().in("image of service '" + service.name + "'"));
  }
  if (!reference->digest.empty()) co_return reference->repository() + "@" + reference->digest;
  if (service.pull_policy == PullPolicy::never) co_return co_await local_id(parts, service.image, std::move(hosts));
  auto digest = co_await parts.registries.digest_of(service.image, project);
  if (!digest) co_return fail(digest.error().in("pin image " + service.image + " of service '" + service.name + "'"));
  co_return reference->repository() + "@" + *digest;
}

awaitable<Result<Secret>> content_of(Parts& parts, ProjectId project, FileSource source,
                                     const std::map<std::string, std::string>& files) {
  switch (source.kind) {
    case FileSource::Kind::text:
      co_return Secret(source.value);
    case FileSource::Kind::file: {
      const auto file = files.find(source.value);
      if (file != files.end()) co_return Secret(file->second);
      co_return fail(Error::Kind::not_found, "file " + source.value + " is not in the checkout");
    }
    case FileSource::Kind::secret:
      break;
  }
  auto secret = co_await parts.secrets.secret(project, source.value);
  if (!secret) co_return fail(secret.error().in("secret '" + source.value + "'"));
  co_return std::move(*secret);
}

/// With `lost`, what can't be had is noted there.
awaitable<Result<std::map<std::string, Secret>>> contents_of(Parts& parts, ProjectId project, Application application,
                                                             std::map<std::string, std::string> files,
                                                             std::map<std::string, std::string>* lost = nullptr) {
  std::map<std::string, Secret> contents;
  for (const auto* sources : {&application.secrets, &application.configs}) {
    for (const FileSource& source : *sources) {
      auto content = co_await content_of(parts, project, source, files);
      if (content) {
        contents[source.key] = std::move(*content);
        continue;
      }
      if (lost == nullptr || content.error().kind != Error::Kind::not_found) co_return fail(content.error());
      std::string why = content.error().message;
      if (!content.error().hint.empty()) why += " (" + content.error().hint + ")";
      if (source.kind == FileSource::Kind::file) {
        why = "file " + source.value + " is not known any more: a deployment brings it again";
      }
      (*lost)[source.key] = std::move(why);
    }
  }
  co_return contents;
}

std::string hashes_of(const Service& service, const std::map<std::string, Secret>& contents, const std::string& key) {
  std::string hashes;
  for (const auto* grants : {&service.secrets, &service.configs}) {
    for (const FileGrant& grant : *grants) {
      const auto content = contents.find(grant.source);
      const std::string text = content == contents.end() ? std::string() : content->second.reveal();
      hashes += grant.target + ' ' + std::to_string(grant.uid) + ' ' + std::to_string(grant.gid) + ' ' +
                std::to_string(grant.mode) + ' ' + to_hex(hmac_sha256(key, text)) + '\n';
    }
  }
  return hashes;
}

/// What tells a service from the same one as it was before.
std::string hash_of(Parts& parts, const Application& application, const Service& service, const std::string& image,
                    const std::map<std::string, Secret>& contents) {
  const std::string files = hashes_of(service, contents, parts.store.fleet());
  return application.for_swarm ? swarm::spec_hash(application, service, image, files)
                               : spec_hash(application, service, image, files);
}

}  // namespace

awaitable<Result<ComposeRules>> rules_of_project(store::Store& store, ComposeRules rules, ProjectId project) {
  // Nothing else tells projects apart.
  if (rules.certificate_projects.empty()) co_return rules;
  auto row = co_await store.read(&store::Projects::get, project);
  if (!row) co_return fail(row.error());
  rules.project = row->name;
  co_return rules;
}

awaitable<Result<GenerationSpec>> make_generation(Parts& parts, GenerationOrder order) {
  order.compose.group = order.group;
  const auto rules = co_await rules_of_project(parts.store, parts.rules, order.project);
  if (!rules) co_return fail(rules.error());
  auto application = decode_compose(order.compose, *rules);
  if (!application) co_return fail(application.error());
  if (auto merged = merge_env_files(*application, order.files, order.compose.variables); !merged) {
    co_return fail(merged.error());
  }
  for (const auto& [service, image] : order.images) {
    const bool known = std::any_of(application->services.begin(), application->services.end(),
                                   [&, name = service](const Service& one) { return one.name == name; });
    if (!known) {
      co_return fail(Error::Kind::invalid,
                     order.compose.path + " has no service '" + service + "' that deploy.images could mean");
    }
  }
  std::vector<std::string> targets = application->policy.targets;
  if (!order.group.empty()) targets = {order.group};
  auto hosts = parts.hosts.resolve(targets);
  if (!hosts) co_return fail(hosts.error());
  if (hosts->empty()) {
    co_return fail(Error::Kind::invalid, order.compose.path + ": no hosts to roll out to",
                   "write x-slipway.targets, or the job's deploy.group");
  }
  auto contents = co_await contents_of(parts, order.project, *application, order.files);
  if (!contents) co_return fail(contents.error());
  auto pushes = co_await parts.store.read(&store::Images::pushed_by, order.run);
  if (!pushes) co_return fail(pushes.error());
  const std::vector<OwnImage> of_run = own_images(order.images, *pushes);
  GenerationSpec spec;
  spec.application = application->name;
  spec.compose = order.compose.text;
  spec.compose_path = order.compose.path;
  spec.variables = order.compose.variables;
  spec.files = order.files;
  spec.hosts = *hosts;
  spec.swarm = application->for_swarm;
  for (const Service& service : application->services) {
    auto image = co_await pin(parts, service, order.images, of_run, *hosts, order.project);
    if (!image) co_return fail(image.error());
    Release release;
    release.service = service.name;
    release.image = *image;
    release.replicas = service.replicas;
    release.completes = service.completes;
    release.spec_hash = hash_of(parts, *application, service, *image, *contents);
    spec.releases.push_back(std::move(release));
  }
  co_return spec;
}

namespace {

Result<Application> decode_stored(const GenerationSpec& spec) {
  ComposeText text;
  text.text = spec.compose;
  text.path = spec.compose_path;
  text.variables = spec.variables;
  text.application = spec.application;
  ComposeRules as_accepted = accepted_once();
  if (spec.swarm) as_accepted.swarms = spec.hosts;
  if (spec.swarm && !spec.hosts.empty()) text.group = spec.hosts.front();
  auto decoded = decode_compose(text, as_accepted);
  if (!decoded) return fail(decoded.error().in("generation " + std::to_string(spec.number)));
  if (auto merged = merge_env_files(*decoded, spec.files, spec.variables); !merged) {
    return fail(merged.error().in("generation " + std::to_string(spec.number)));
  }
  return decoded;
}

}  // namespace

Result<Policy> policy_of(const GenerationSpec& spec) {
  auto application = decode_stored(spec);
  if (!application) return fail(application.error());
  return std::move(application->policy);
}

awaitable<Result<GenerationSpec>> renew_generation(Parts& parts, ProjectId project, store::Generation row) {
  auto spec = from_row(row);
  if (!spec) co_return spec;
  auto application = decode_stored(*spec);
  if (!application) co_return fail(application.error());
  auto contents = co_await contents_of(parts, project, *application, spec->files);
  if (!contents) co_return fail(contents.error());
  for (const Service& service : application->services) {
    const auto release = std::find_if(spec->releases.begin(), spec->releases.end(),
                                      [&](const Release& one) { return one.service == service.name; });
    if (release == spec->releases.end()) continue;
    release->generation = 0;
    release->spec_hash = hash_of(parts, *application, service, release->image, *contents);
  }
  spec->number = 0;
  co_return spec;
}

store::Generation to_row(const GenerationSpec& spec, RunId run, Time created) {
  store::Generation row;
  row.application = spec.application;
  row.number = spec.number;
  row.run = run;
  row.compose = spec.compose;
  Json images = Json::object();
  for (const Release& release : spec.releases) images[release.service] = release.image;
  row.images = dump_json(images);
  row.references = dump_generation(spec);
  row.created = created;
  return row;
}

Result<GenerationSpec> from_row(const store::Generation& row) {
  auto spec = parse_generation(row.references);
  if (!spec) return spec;
  spec->number = row.number;
  spec->compose = row.compose;
  // When it was written its number was not known yet.
  for (Release& release : spec->releases) {
    if (release.generation == 0) release.generation = row.number;
  }
  return spec;
}

void reuse_releases(GenerationSpec& spec, const std::vector<store::Generation>& earlier) {
  for (const store::Generation& row : earlier) {
    const auto before = from_row(row);
    if (!before) continue;
    spec.from_compose = spec.from_compose || before->from_compose;
    for (Release& release : spec.releases) {
      const Release* same = before->find(release.service);
      if (release.generation == 0 && same != nullptr && same->spec_hash == release.spec_hash) {
        release.generation = same->generation;
        release.adopted = same->adopted;
      }
    }
  }
}

std::vector<std::int64_t> standing_generations(const std::vector<store::Rollout>& newest_first) {
  std::vector<std::int64_t> standing;
  for (auto rollout = newest_first.rbegin(); rollout != newest_first.rend(); ++rollout) {
    if (rollout->state != name_of(Stage::succeeded) || rollout->kind == "catch_up" || rollout->kind == "heal") continue;
    const auto found = std::find(standing.begin(), standing.end(), rollout->generation);
    if (found != standing.end()) {
      standing.erase(found + 1, standing.end());
    } else {
      standing.push_back(rollout->generation);
    }
  }
  return standing;
}

awaitable<Result<std::vector<std::int64_t>>> kept_generations(Parts& parts, std::string application,
                                                              std::int64_t number, std::size_t keep) {
  auto rollouts = co_await parts.store.read(&store::Rollouts::standing, application, looked_back);
  if (!rollouts) co_return fail(rollouts.error());
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> standing = standing_generations(*rollouts);
  while (!standing.empty() && keep > 0) {
    const std::int64_t one = standing.back();
    standing.pop_back();
    if (one == number) continue;
    --keep;
    kept.push_back(one);
  }
  co_return kept;
}

namespace {

/// Under which generations' names the containers run that a rollback from `number` might need.
awaitable<Result<std::vector<std::int64_t>>> kept_containers(Parts& parts, std::string application, std::int64_t number,
                                                             std::size_t keep) {
  auto generations = co_await kept_generations(parts, application, number, keep);
  if (!generations) co_return fail(generations.error());
  std::vector<std::int64_t> kept;
  for (const std::int64_t one : *generations) {
    auto row = co_await parts.store.read(&store::Applications::generation, application, one);
    if (!row) co_return fail(row.error());
    auto spec = from_row(*row);
    if (!spec) co_return fail(spec.error());
    for (const Release& release : spec->releases) kept.push_back(release.generation);
  }
  co_return kept;
}

/// Those that would be made with the same files today.
std::set<std::string> unchanged_services(Parts& parts, const Target& target,
                                         const std::map<std::string, Secret>& contents) {
  std::set<std::string> unchanged;
  for (const Service& service : target.application.services) {
    const Release* release = target.spec.find(service.name);
    if (release == nullptr) continue;
    const bool same = hash_of(parts, target.application, service, release->image, contents) == release->spec_hash;
    if (same) unchanged.insert(service.name);
  }
  return unchanged;
}

}  // namespace

awaitable<Result<std::shared_ptr<const Target>>> load_outline(Parts& parts, std::string application,
                                                              std::int64_t number) {
  auto target = std::make_shared<Target>();
  target->spec.application = target->application.name = application;
  if (number == 0) co_return std::shared_ptr<const Target>(std::move(target));
  auto row = co_await parts.store.read(&store::Applications::generation, application, number);
  if (!row) co_return fail(row.error());
  auto spec = from_row(*row);
  if (!spec) co_return fail(spec.error());
  auto decoded = decode_stored(*spec);
  if (!decoded) co_return fail(decoded.error());
  target->spec = std::move(*spec);
  target->application = std::move(*decoded);
  target->wanted = wanted_of(target->spec);
  co_return std::shared_ptr<const Target>(std::move(target));
}

awaitable<Result<std::shared_ptr<const Target>>> load_target(Parts& parts, std::string application,
                                                             std::int64_t number) {
  auto outline = co_await load_outline(parts, application, number);
  if (!outline || number == 0) co_return outline;
  auto target = std::make_shared<Target>(**outline);
  auto owner = co_await parts.store.read(&store::Applications::get, application);
  if (!owner) co_return fail(owner.error());
  auto contents = co_await contents_of(parts, owner->project, target->application, target->spec.files, &target->lost);
  if (!contents) co_return fail(contents.error());
  auto project = co_await parts.store.read(&store::Projects::get, owner->project);
  const Record record{project ? project->name : std::string(), target->spec};
  auto packed = pack_record(record, target->application);
  if (packed) target->record = std::move(*packed);
  if (!packed) target->no_record = packed.error().message;
  auto kept = co_await kept_containers(parts, application, number, target->application.policy.keep);
  if (!kept) co_return fail(kept.error());
  target->unchanged = unchanged_services(parts, *target, *contents);
  target->secrets = std::move(*contents);
  target->kept = std::move(*kept);
  co_return std::shared_ptr<const Target>(std::move(target));
}

awaitable<Result<std::shared_ptr<const Target>>> load_nothing(Parts& parts, std::string application,
                                                              std::int64_t number) {
  auto empty = co_await load_outline(parts, application, 0);
  if (!empty || number == 0) co_return empty;
  auto left = co_await load_outline(parts, application, number);
  if (!left) co_return left;
  auto kept = co_await kept_containers(parts, application, number, (*left)->application.policy.keep);
  if (!kept) co_return fail(kept.error());
  auto target = std::make_shared<Target>(**empty);
  target->kept = std::move(*kept);
  co_return std::shared_ptr<const Target>(std::move(target));
}

}  // namespace slipway::rollouts
