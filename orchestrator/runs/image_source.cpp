#include "orchestrator/runs/image_source.hpp"

#include "base/log.hpp"
#include "images/local_name.hpp"
#include "orchestrator/runs/naming.hpp"
#include "orchestrator/runs/stop_signal.hpp"

namespace slipway::runs {
namespace {

using namespace std::chrono_literals;

constexpr Duration kPullLimit = 30min;
constexpr Duration kLookHolds = 2s;
constexpr int kPullTries = 3;

/// "host:5000/name:tag" → name and tag; "name@sha256:…" → name and digest.
docker::PullSpec pull_spec(const std::string& reference) {
  docker::PullSpec spec;
  const auto at = reference.find('@');
  if (at != std::string::npos) {
    spec.repository = reference.substr(0, reference.substr(0, at).find(':', reference.rfind('/', at) + 1));
    spec.reference = reference.substr(at + 1);
    return spec;
  }
  const auto slash = reference.rfind('/');
  const auto colon = reference.find(':', slash == std::string::npos ? 0 : slash);
  spec.repository = reference.substr(0, colon);
  spec.reference = colon == std::string::npos ? "latest" : reference.substr(colon + 1);
  return spec;
}

bool is_for_all(const docker::Image& image, const std::string& reference) {
  if (!check_image_labels(image.labels, reference)) return false;
  const Result<images::Reference> name = images::parse_reference(reference);
  return name && is_anybodys(image, *name);
}

Result<void> check_foreign(const std::string& reference) {
  const Result<images::Reference> name = images::parse_reference(reference);
  if (!name) return fail(name.error());
  if (!is_local(*name)) return {};
  return fail(Error::Kind::forbidden, reference + " is an image that slipway made for a run",
              "name what this run builds as the pipeline file does: `image: ${{ images.NAME }}`");
}

}  // namespace

bool is_anybodys(const docker::Image& image, const images::Reference& name) {
  if (!images::goes_by(image, name)) return false;
  return !image.labels.contains(std::string(label::kProject)) || images::known_to_registry(image, name);
}

/// One that goes on, and its outcome for all who wait.
struct ImageSource::Pull {
  explicit Pull(const Executor& executor) : done(executor) {}
  StopSignal done;
  std::optional<Result<std::string>> outcome;
  std::list<Say> listeners;
};

/// For as long as somebody waits for a pull it is told of how far that is.
class ImageSource::Listening {
 public:
  Listening(Pull& pull, Say say) : pull_(pull), place_(pull.listeners.insert(pull.listeners.end(), std::move(say))) {}
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;
  ~Listening() { pull_.listeners.erase(place_); }

 private:
  Pull& pull_;
  std::list<Say>::iterator place_;
};

/// One that was made ahead.
struct ImageSource::Look {
  explicit Look(const Executor& executor) : done(executor) {}
  StopSignal done;
  std::optional<std::string> id;
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
};

ImageSource::ImageSource(docker::Images& images, EngineWatch& watch, FindAuth find_auth, const Executor& executor,
                         Milliseconds say_every)
    : images_(images),
      watch_(watch),
      find_auth_(std::move(find_auth)),
      executor_(executor),
      say_every_(say_every),
      tasks_(executor) {}

ImageSource::~ImageSource() = default;

void ImageSource::look_ahead(const std::string& reference) {
  const auto oldest = std::chrono::steady_clock::now() - kLookHolds;
  std::erase_if(looks_, [&](const auto& entry) { return entry.second->at < oldest; });
  std::shared_ptr<Look>& entry = looks_[reference];
  if (entry) return;
  entry = std::make_shared<Look>(executor_);
  tasks_.spawn("look for image", look(reference, entry));
}

awaitable<void> ImageSource::look(std::string reference, std::shared_ptr<Look> look) {
  auto inspecting = images_.inspect(reference);
  const Result<docker::Image> found = co_await std::move(inspecting);
  if (found && is_for_all(*found, reference)) look->id = found->id;
  look->done.ask("");
}

awaitable<std::optional<std::string>> ImageSource::looked_up(std::string reference) {
  const auto place = looks_.find(reference);
  if (place == looks_.end()) co_return std::nullopt;
  const std::shared_ptr<Look> look = place->second;
  looks_.erase(place);
  co_await look->done.wait();
  const bool fresh = std::chrono::steady_clock::now() - look->at < kLookHolds;
  co_return fresh ? look->id : std::nullopt;
}

awaitable<Result<docker::RegistryAuth>> ImageSource::auth_for(std::string repository) {
  auto finding = find_auth_(repository);
  Result<docker::RegistryAuth> auth = co_await std::move(finding);
  if (!auth) co_return fail(std::move(auth.error()).in("credentials for " + repository));
  co_return auth;
}

awaitable<Result<void>> ImageSource::check_name(std::string reference, Trust whose, Say say) {
  if (const Result<void> foreign = check_foreign(reference); !foreign) co_return foreign;
  const auto call = [&] { return images_.inspect(reference); };
  const Result<docker::Image> found = co_await watch_.persist(call);
  if (!found && found.error().kind == Error::Kind::not_found) co_return Result<void>();
  if (!found) co_return fail(found.error());
  if (is_for_all(*found, reference)) co_return Result<void>();
  auto ensuring = ensure(reference, whose, std::move(say));
  const Result<std::string> right = co_await std::move(ensuring);
  if (!right) co_return fail(right.error());
  co_return Result<void>();
}

awaitable<Result<std::string>> ImageSource::ensure(std::string reference, Trust whose, Say say) {
  if (const Result<void> foreign = check_foreign(reference); !foreign) co_return fail(foreign.error());
  if (whose == Trust::stranger) {
    docker::PullSpec spec = pull_spec(reference);
    const Result<docker::RegistryAuth> auth = co_await auth_for(spec.repository);
    if (!auth) co_return fail(auth.error());
    if (!auth->anonymous()) {
      auto work = pull_now(std::move(spec), reference, std::move(say));
      auto limited = with_deadline(kPullLimit, std::move(work), "pulling " + reference);
      co_return co_await std::move(limited);
    }
  }
  std::optional<std::string> known = co_await looked_up(reference);
  if (known) co_return std::move(*known);
  const auto call = [&] { return images_.inspect(reference); };
  const Result<docker::Image> found = co_await watch_.persist(call);
  if (found && is_for_all(*found, reference)) co_return found->id;
  if (!found && found.error().kind != Error::Kind::not_found)
    co_return fail(Error(found.error()).in("image " + reference));
  std::shared_ptr<Pull>& entry = pulls_[reference];
  if (!entry) {
    entry = std::make_shared<Pull>(executor_);
    tasks_.spawn("pull", pull(reference, entry));
  }
  const std::shared_ptr<Pull> waited = entry;
  const Listening listening(*waited, std::move(say));
  co_await waited->done.wait();
  co_return *waited->outcome;
}

awaitable<void> ImageSource::pull(std::string reference, std::shared_ptr<Pull> pull) {
  const auto began = std::chrono::steady_clock::now();
  const Say say = [pull](const std::string& line) {
    for (const Say& one : pull->listeners) {
      if (one) one(line);
    }
  };
  auto work = pull_with_credentials(reference, say);
  auto limited = with_deadline(kPullLimit, std::move(work), "pulling " + reference);
  pull->outcome = co_await std::move(limited);
  const auto ms = std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - began).count();
  if (*pull->outcome) log::info("image pulled", {{"image", reference}, {"ms", ms}});
  pulls_.erase(reference);
  pull->done.ask("");
}

awaitable<Result<std::string>> ImageSource::pull_with_credentials(std::string reference, Say say) {
  docker::PullSpec spec = pull_spec(reference);
  Result<docker::RegistryAuth> auth = co_await auth_for(spec.repository);
  if (!auth) co_return fail(auth.error());
  spec.auth = std::move(*auth);
  auto pulling = pull_now(std::move(spec), std::move(reference), std::move(say));
  co_return co_await std::move(pulling);
}

/// A registry that can't be reached for a moment is asked again; an answer of no is final.
awaitable<Result<std::string>> ImageSource::pull_now(docker::PullSpec spec, std::string reference, Say say) {
  TransferReport report({"pulling", "pulled", std::move(reference)}, say_every_);
  const auto pass_on = [&say](const std::optional<std::string>& line) {
    if (line && say) say(*line);
  };
  const docker::ImageProgressSink progress = [&](const docker::ImageProgress& step) {
    pass_on(report.add(step, std::chrono::steady_clock::now()));
  };
  for (int attempt = 1;; ++attempt) {
    auto pulling = images_.pull(spec, progress);
    const Result<docker::Pulled> pulled = co_await std::move(pulling);
    if (pulled) {
      auto inspecting = images_.inspect(pulled->id);
      const Result<docker::Image> image = co_await std::move(inspecting);
      if (!image) co_return fail(Error(image.error()).in("pull " + spec.repository));
      if (auto plain = check_image_labels(image->labels, spec.repository); !plain) co_return fail(plain.error());
      pass_on(report.end(std::chrono::steady_clock::now()));
      co_return pulled->id;
    }
    if (attempt == kPullTries || !pulled.error().transient()) co_return fail(pulled.error());
    co_await sleep_for(attempt * 2s);
    co_await watch_.until_available();
  }
}

awaitable<void> ImageSource::close() {
  tasks_.cancel();
  co_await tasks_.join();
}

}  // namespace slipway::runs
