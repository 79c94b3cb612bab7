#include "images/publish.hpp"

namespace slipway::images {
namespace {

/// An Engine's image id is the digest of the configuration, or, where it keeps images in containerd, of the manifest.
bool is_of(const Manifest& manifest, const BuiltImage& image) {
  return manifest.config_digest == image.config_id() || manifest.descriptor.digest == image.config_id();
}

/// Whether asking went well enough to push: a registry may refuse to say anything about a repository that is not there
/// yet.
bool may_be_absent(const Error& error) {
  return error.kind == Error::Kind::not_found || error.kind == Error::Kind::unauthorized ||
         error.kind == Error::Kind::forbidden;
}

}  // namespace

awaitable<Result<PushedImage>> publish(docker::Images& engine, RegistryClient& registry, BuiltImage image,
                                       Reference target, docker::RegistryAuth auth,
                                       docker::ImageProgressSink progress) {
  const std::string doing = "push " + target.text();
  if (target.tag.empty() || !target.digest.empty()) co_return fail(Error::Kind::invalid, doing + ": needs a tag alone");
  const Result<Manifest> there = co_await registry.manifest(target, auth);
  if (there && is_of(*there, image)) co_return PushedImage::restore(image, target, there->descriptor.digest);
  if (!there && !may_be_absent(there.error())) co_return fail(there.error().in(doing));

  // Before the engine, which all projects share, has it under that name: who may not push to "busybox" must not have
  // others run it as that.
  const Result<void> allowed = co_await registry.check_push(target, auth);
  if (!allowed) co_return fail(allowed.error().in(doing));
  const Result<void> tagged = co_await engine.tag(image.config_id(), target.familiar_repository(), target.tag);
  if (!tagged) co_return fail(tagged.error().in(doing));
  docker::PushSpec spec;
  spec.repository = target.familiar_repository();
  spec.tag = target.tag;
  spec.auth = auth;
  const Result<docker::Pushed> pushed = co_await engine.push(std::move(spec), std::move(progress));
  if (!pushed) {
    // Its name must not stay where the registry did not take it.
    auto untagging = engine.remove(target.familiar());
    const auto untagged = co_await std::move(untagging);
    co_return fail(pushed.error());
  }
  Result<Reference> by_digest = target.with_digest(pushed->digest);
  if (!by_digest) co_return fail(Error::Kind::protocol, doing + ": " + by_digest.error().message);

  const Result<Manifest> sent = co_await registry.manifest(std::move(*by_digest), auth);
  if (!sent) co_return fail(sent.error().in(doing + ", look at what was pushed"));
  if (!is_of(*sent, image)) {
    co_return fail(Error::Kind::conflict,
                   doing + ": the tag was moved on the engine, so that another image was pushed");
  }
  co_return PushedImage::from(image, target, *pushed);
}

}  // namespace slipway::images
