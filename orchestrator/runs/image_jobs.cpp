#include "orchestrator/runs/image_jobs.hpp"

#include <algorithm>

#include "docker-client/builds.hpp"
#include "images/base_images.hpp"
#include "images/context.hpp"
#include "images/labels.hpp"
#include "images/publish.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/transfer_report.hpp"
#include "orchestrator/store/images.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr int kPushTries = 3;

Outcome outcome_of(const Error& error) {
  const bool its_own_fault =
      error.kind == Error::Kind::failed || error.kind == Error::Kind::invalid || error.kind == Error::Kind::forbidden;
  return {its_own_fault ? Verdict::failed : Verdict::error, error.message};
}

/// Nobody can guess it, so no Dockerfile of another project can name it.
std::string local_tag(const RunContext& context, const std::string& image) {
  return local_repository(slug(context.project.name) + "-" + slug(image)) + ":" + std::to_string(context.run.number) +
         "-" + random_hex(8);
}

docker::Labels labels_of(const RunContext& context, const pipelines::PlannedImage& image,
                         std::optional<images::Reference> base) {
  images::Origin origin;
  origin.commit = context.run.commit;
  origin.source = context.project.clone_url;
  origin.version = context.run.tag;
  origin.title = context.project.name;
  origin.created = context.committed_at;
  origin.base = std::move(base);
  docker::Labels labels = images::image_labels(origin);
  for (const auto& [name, value] : image.labels) labels[name] = value;
  // None of these differs between runs of one commit: they are part of the image, and of its identity.
  labels[std::string(label::kInstance)] = context.instance;
  labels[std::string(label::kProject)] = context.project.name;
  labels[std::string(label::kImage)] = image.name;
  return labels;
}

void tell(RunLog& log, BuildTransfers& transfers, const docker::BuildEvent& event) {
  using Kind = docker::BuildEvent::Kind;
  using End = docker::BuildEvent::Outcome;
  const std::string number = "#" + std::to_string(event.step) + " ";
  switch (event.kind) {
    case Kind::started:
      return log.say(number + event.name);
    case Kind::output:
      return log.say(number + event.text,
                     event.stream == docker::LogStream::err ? logs::Stream::err : logs::Stream::out);
    case Kind::warning:
      return log.say("warning: " + event.text);
    case Kind::transfer:
      if (auto far = transfers.add(event, std::chrono::steady_clock::now())) log.say(number + *far);
      return;
    case Kind::finished:
      break;
  }
  transfers.forget(event.step);
  if (event.outcome == End::cached) return log.say(number + "cached");
  if (event.outcome == End::failed) return log.say(number + "failed: " + event.text, logs::Stream::err);
  log.say(number + "done in " + std::to_string(event.duration.count()) + " ms");
}

/// Docker's own, which reads a Dockerfile as it is told in its reference.
bool has_known_frontend(const images::BaseImages& bases) {
  if (bases.frontend.empty()) return true;
  const Result<images::Reference> frontend = images::parse_reference(bases.frontend);
  return frontend && frontend->repository() == "docker.io/docker/dockerfile";
}

/// Who may not have all that the engine has must say what is to be built on in a way that slipway and the builder read
/// alike.
Result<void> check_readable(const RunContext& context, const images::BaseImages& bases) {
  if (context.access.registries.whole()) return {};
  if (!has_known_frontend(bases)) {
    return fail(Error::Kind::invalid, "the Dockerfile is for a builder of its own, " + bases.frontend.substr(0, 200),
                "# syntax=docker/dockerfile:1 is allowed here");
  }
  if (bases.unclear.empty()) return {};
  return fail(
      Error::Kind::invalid,
      "slipway can't tell which images the builder reads here: " + bases.unclear.front().substr(0, 200),
      "write images' names out, without quotes, variables of the builder or escapes, and lines as everybody does "
      "(docs/pipeline.md, images)");
}

/// BuildKit takes credentials over a session only, which we do not open, but it builds on what the engine has: so base
/// images of registries that want credentials are fetched ahead (docs/decisions/0015). That one can't be had is told;
/// whether the build needs it, the builder decides. But what a run may not use our credentials for it does not get from
/// the engine either.
awaitable<Result<void>> fetch_base_images(Collaborators& with, ImageSource& images, RunContext& context,
                                          images::BaseImages bases, RunLog& log) {
  if (auto clear = check_readable(context, bases); !clear) co_return clear;
  const ImageSource::Say say = [&log](const std::string& line) { log.say(line, logs::Stream::slipway); };
  for (const images::Reference& base : bases.images) {
    const bool covered = context.access.registries.cover(base);
    const auto whose = covered ? ImageSource::Trust::own : ImageSource::Trust::stranger;
    auto finding = with.registries.for_registry(base.registry);
    const Result<docker::RegistryAuth> auth = co_await std::move(finding);
    const std::string what = "base image " + base.familiar();
    if (auth && auth->anonymous()) {
      auto checking = images.check_name(base.familiar(), whose, say);
      if (Result<void> checked = co_await std::move(checking); !checked) co_return fail(checked.error().in(what));
      continue;
    }
    auto fetching = images.ensure(base.familiar(), whose, say);
    const Result<std::string> fetched = co_await std::move(fetching);
    if (fetched) continue;
    if (!covered) co_return fail(Error(fetched.error()).in(what));
    log.say(what + ": " + fetched.error().message, logs::Stream::slipway);
  }
  co_return Result<void>();
}

/// What one project leaves in a cache mount is not for another, and what a fork does for nobody.
std::string cache_namespace(const RunContext& context) {
  const std::string project = context.instance + "/" + to_string(context.run.project);
  return context.run.trusted ? project : project + "/run-" + to_string(context.run.id);
}

awaitable<Result<docker::BuildOutcome>> build_once(Collaborators& with, ImageSource& images, RunContext& context,
                                                   SourceTree& source, const pipelines::PlannedImage& image,
                                                   std::string tag, RunLog& log) {
  const Result<std::filesystem::path> folder = co_await source.ready();
  if (!folder) co_return fail(folder.error());
  images::ContextSpec wanted(*folder);
  wanted.directory = image.context;
  wanted.dockerfile = image.dockerfile;
  auto opening = images::open_context(with.context_pool, std::move(wanted));
  Result<images::BuildContext> tar = co_await std::move(opening);
  if (!tar) co_return fail(tar.error());
  auto reading = [&] { return images::base_images(tar->dockerfile_text, image.args, image.target); };
  auto bases = co_await with.context_pool.get().run(std::move(reading));
  std::optional<images::Reference> base = has_known_frontend(bases) ? bases.base : std::nullopt;
  auto fetching = fetch_base_images(with, images, context, std::move(bases), log);
  if (Result<void> fetched = co_await std::move(fetching); !fetched) co_return fail(fetched.error());
  docker::BuildSpec spec;
  spec.id = "slip-" + context.instance + "-" + to_string(context.run.id) + "-" + slug(image.name) + "-" + random_hex(4);
  spec.dockerfile = tar->dockerfile;
  spec.target = image.target;
  spec.tags = {tag};
  spec.arguments = image.args;
  spec.cache_mounts = cache_namespace(context);
  spec.labels = labels_of(context, image, std::move(base));
  BuildTransfers transfers(with.transfer_lines);
  docker::BuildEventSink progress = [&](const docker::BuildEvent& event) { tell(log, transfers, event); };
  auto building = with.engine.builds().build(std::move(spec), std::move(tar->tar), std::move(progress));
  co_return co_await std::move(building);
}

}  // namespace

awaitable<Result<Outcome>> build_image(Collaborators& with, EngineWatch& watch, ImageSource& images,
                                       RunContext& context, SourceTree& source, const pipelines::PlannedImage& image,
                                       RunLog& log) {
  const std::string tag = local_tag(context, image.name);
  Result<docker::BuildOutcome> built = fail(Error::Kind::internal, "not built");
  for (int attempt = 1; attempt <= kPushTries; ++attempt) {
    const std::uint64_t outages = watch.outages();
    built = co_await build_once(with, images, context, source, image, tag, log);
    if (built || !built.error().transient()) break;
    log.say("the build was cut off (" + built.error().message + "): it is run again", logs::Stream::slipway);
    co_await sleep_for(500ms);
    co_await watch.until_available();
    if (watch.outages() != outages) attempt = 0;  // not the build's doing
  }
  if (!built) {
    log.say(built.error().message, logs::Stream::slipway);
    co_return outcome_of(built.error());
  }
  const auto inspect = [&with, id = built->image_id] { return with.engine.images().inspect(id); };
  const Result<docker::Image> made = co_await watch.persist(inspect);
  if (!made) co_return fail(Error(made.error()).in("the image that was built"));
  if (auto plain = check_image_labels(made->labels, image.name); !plain) {
    log.say(plain.error().message + ": " + plain.error().hint, logs::Stream::slipway);
    co_return Outcome{Verdict::failed, plain.error().message};
  }
  store::BuiltImage record;
  record.run = context.run.id;
  record.name = image.name;
  record.config_id = built->image_id;
  record.tag = tag;
  record.size = made->size;
  record.cached = built->steps > 0 && built->cached_steps == built->steps;
  record.built = with.clock.now();
  auto commit = with.store.persist(&store::Images::built, std::move(record));
  const Result<void> committed = co_await std::move(commit);
  if (!committed) co_return fail(Error(committed.error()).in("journal"));
  context.built[image.name] = built->image_id;
  log.say("built " + built->image_id);
  co_return Outcome();
}

namespace {

awaitable<Result<images::PushedImage>> publish_once(Collaborators& with, images::BuiltImage image,
                                                    images::Reference target, images::RegistryClient& registry,
                                                    RunLog& log) {
  auto finding = with.registries.for_registry(target.registry);
  Result<docker::RegistryAuth> auth = co_await std::move(finding);
  if (!auth) co_return fail(std::move(auth.error()).in("push " + target.familiar() + ": credentials"));
  TransferReport report({"pushing", "pushed", target.familiar()}, with.transfer_lines);
  const auto pass_on = [&log](const std::optional<std::string>& line) {
    if (line) log.say(*line, logs::Stream::slipway);
  };
  docker::ImageProgressSink progress = [&](const docker::ImageProgress& step) {
    if (step.phase == docker::ImageProgress::Phase::retrying) log.say("retrying: " + step.text);
    pass_on(report.add(step, std::chrono::steady_clock::now()));
  };
  auto publishing = images::publish(with.engine.images(), registry, std::move(image), std::move(target),
                                    std::move(*auth), std::move(progress));
  Result<images::PushedImage> pushed = co_await std::move(publishing);
  if (pushed) pass_on(report.end(std::chrono::steady_clock::now()));
  co_return pushed;
}

awaitable<Result<images::PushedImage>> publish(Collaborators& with, EngineWatch& watch, images::BuiltImage image,
                                               images::Reference target, images::RegistryClient& registry,
                                               RunLog& log) {
  for (int attempt = 1;; ++attempt) {
    auto work = publish_once(with, image, target, registry, log);
    Result<images::PushedImage> pushed = co_await std::move(work);
    if (pushed || !pushed.error().transient() || attempt == kPushTries) co_return pushed;
    log.say("the push was cut off (" + pushed.error().message + "): it goes on in a moment", logs::Stream::slipway);
    co_await sleep_for(attempt * 2s);
    co_await watch.until_available();
  }
}

awaitable<Result<Outcome>> push_tag(Collaborators& with, EngineWatch& watch, RunContext& context,
                                    const pipelines::PlannedPush& push, std::string tag,
                                    images::RegistryClient& registry, RunLog& log) {
  const Result<images::BuiltImage> image = images::BuiltImage::restore(context.built[push.image]);
  const Result<images::Reference> target = images::parse_reference(push.to + ":" + tag);
  if (!image) co_return outcome_of(image.error());
  if (!target) co_return outcome_of(target.error());
  if (is_local(*target)) {
    const std::string refused = "push " + target->familiar() + ": localhost/slipway is for slipway's own";
    co_return Outcome{Verdict::failed, refused};
  }
  if (!context.access.registries.cover(*target)) {
    const std::string refused =
        "project '" + context.project.name + "' may not push to " + target->familiar_repository();
    log.say(refused + ": registries." + target->registry + ".projects in slipwayd's settings lists what it may",
            logs::Stream::slipway);
    co_return Outcome{Verdict::failed, refused};
  }
  store::PushedImage record;
  record.run = context.run.id;
  record.image = push.image;
  record.repository = target->repository();
  record.tag = tag;
  record.config_id = image->config_id();
  record.updated = with.clock.now();
  auto intending = with.store.persist(&store::Images::intend_push, record);
  const Result<void> intended = co_await std::move(intending);
  // This very image is pushed already, before a restart: the registry is asked all the same.
  if (!intended && intended.error().kind != Error::Kind::conflict)
    co_return fail(Error(intended.error()).in("journal"));
  auto work = publish(with, watch, *image, *target, registry, log);
  const Result<images::PushedImage> pushed = co_await std::move(work);
  if (!pushed) {
    log.say(pushed.error().message, logs::Stream::slipway);
    auto noting = with.store.persist(&store::Images::push_failed, record.run, record.repository, tag,
                                     pushed.error().message, with.clock.now());
    const Result<void> noted = co_await std::move(noting);
    if (!noted && noted.error().kind != Error::Kind::conflict) co_return fail(Error(noted.error()).in("journal"));
    co_return Outcome{Verdict::error, pushed.error().message};
  }
  log.say(target->familiar() + " is " + pushed->digest());
  if (!intended) co_return Outcome();
  auto commit = with.store.persist(&store::Images::pushed, record.run, record.repository, tag, pushed->digest(),
                                   with.clock.now());
  const Result<void> committed = co_await std::move(commit);
  if (!committed) co_return fail(Error(committed.error()).in("journal"));
  co_return Outcome();
}

}  // namespace

awaitable<Result<Outcome>> push_image(Collaborators& with, EngineWatch& watch, RunContext& context,
                                      const pipelines::PlannedPush& push, images::RegistryClient& registry,
                                      RunLog& log) {
  for (const std::string& tag : push.tags) {
    auto work = push_tag(with, watch, context, push, tag, registry, log);
    Result<Outcome> outcome = co_await std::move(work);
    if (!outcome || outcome->verdict != Verdict::passed) co_return outcome;
  }
  co_return Outcome();
}

namespace {

awaitable<Result<std::string>> read_at_commit(checkout::Repository& repository, std::string commit, std::string path) {
  auto reading = repository.read(std::move(commit), path);
  Result<checkout::CommitFile> file = co_await std::move(reading);
  if (!file) co_return fail(std::move(file.error()).in(path));
  co_return std::move(file->text);
}

}  // namespace

awaitable<Result<DeployRequest>> deploy_request(Collaborators& with, RunContext& context,
                                                checkout::Repository& repository, const pipelines::PlannedJob& job,
                                                int attempt) {
  const pipelines::PlannedDeploy& deploy = *job.deploy;
  DeployRequest request;
  request.key = {context.run.id, job.id, attempt};
  request.project = context.project.id;
  request.commit = context.run.commit;
  request.compose_path = deploy.file;
  request.group = deploy.group;
  request.application = deploy.application;
  auto reading = repository.read(context.run.commit, deploy.file);
  Result<checkout::CommitFile> file = co_await std::move(reading);
  if (!file) co_return fail(std::move(file.error()).in(deploy.file));
  request.compose = std::move(file->text);
  request.read_file = [&repository, commit = context.run.commit](std::string path) {
    return read_at_commit(repository, commit, std::move(path));
  };
  auto listing = with.store.read(&store::Images::pushed_by, context.run.id);
  const Result<std::vector<store::PushedImage>> pushes = co_await std::move(listing);
  if (!pushes) co_return fail(pushes.error());
  for (const pipelines::PlannedDeploy::Image& image : deploy.images) {
    const auto is_pusher = [&](const pipelines::PlannedJob& other) {
      return other.id == image.pushed_by && other.push;
    };
    const auto pusher = std::find_if(context.plan.jobs.begin(), context.plan.jobs.end(), is_pusher);
    const Result<images::Reference> target =
        pusher == context.plan.jobs.end() ? fail(Error::Kind::internal, "no job '" + image.pushed_by + "' that pushes")
                                          : images::parse_reference(pusher->push->to);
    if (!target) co_return fail(target.error());
    const auto is_it = [&](const store::PushedImage& push) {
      return push.image == image.image && push.repository == target->repository() &&
             push.state == store::PushState::pushed && push.config_id == context.built[image.image];
    };
    const auto push = std::find_if(pushes->begin(), pushes->end(), is_it);
    if (push == pushes->end()) {
      co_return fail(Error::Kind::invalid,
                     "image '" + image.image + "' has not been pushed to " + target->repository());
    }
    PushedImage pushed;
    pushed.repository = push->repository;
    pushed.digest = push->digest;
    pushed.config_id = push->config_id;
    request.images[image.service] = std::move(pushed);
  }
  co_return request;
}

}  // namespace slipway::runs
