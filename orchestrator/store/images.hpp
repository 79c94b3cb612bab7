#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// An image that a run built: from here on its config id is its identity.
struct BuiltImage {
  RunId run;
  std::string name;       ///< key in the pipeline file
  std::string config_id;  ///< sha256:…
  std::string tag;        ///< local name that keeps it from being pruned
  std::int64_t size = 0;  ///< bytes, as the engine counts them
  bool cached = false;    ///< every layer came from the build cache
  Time built{};
};

enum class PushState : std::uint8_t { intent, pushed, failed };
template <>
struct Names<PushState> {
  static constexpr std::array<std::string_view, 3> list{"intent", "pushed", "failed"};
};

/// One tag of one built image in one repository, with the manifest digest it got there.
struct PushedImage {
  RunId run;
  std::string image;       ///< BuiltImage::name
  std::string repository;  ///< registry.example/shop/app
  std::string tag;
  std::string config_id;
  std::string digest;  ///< of the manifest; empty until pushed
  PushState state = PushState::intent;
  std::string reason;  ///< why it failed
  Time updated{};
};

class Images {
 public:
  explicit Images(Transaction& tx) : tx_(tx) {}

  /// Replaces an earlier build of that image in that run: an interrupted build is run again.
  Result<void> built(BuiltImage image);
  /// intent, or intent again after a failure; conflict when that image (its config id) is pushed already.
  Result<void> intend_push(PushedImage push);
  /// intent → pushed.
  Result<void> pushed(RunId run, std::string repository, std::string tag, std::string digest, Time at);
  /// intent → failed.
  Result<void> push_failed(RunId run, std::string repository, std::string tag, std::string reason, Time at);

  /// Gives `run` what `old` built and pushed, as far as it has none of its own: for a rerun of failed jobs.
  Result<void> inherit(RunId run, RunId old);

  Result<std::vector<BuiltImage>> built_by(RunId run) const;
  Result<std::vector<PushedImage>> pushed_by(RunId run) const;
  /// The newest push of a digest to a repository: what a rollout checks that an image came from us.
  Result<PushedImage> find_push(std::string repository, std::string digest) const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
