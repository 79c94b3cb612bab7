#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "docker-client/filters.hpp"
#include "docker-client/progress.hpp"
#include "docker-client/registry_auth.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

/// What builds an image inside the Engine.
enum class Builder {
  automatic,  ///< BuildKit where the Engine has it
  buildkit,
  classic  ///< slower, serial; takes credentials for base images
};

struct BuildSpec {
  std::string id;  ///< names the build for `cancel`; must be unique on the Engine
  Builder builder = Builder::automatic;
  std::string dockerfile = "Dockerfile";  ///< its path inside the context
  std::string target;                     ///< a stage; empty: the last
  std::vector<std::string> tags;          ///< "repository:tag"
  std::map<std::string, std::string> arguments;
  Labels labels;
  bool no_cache = false;
  bool pull = false;  ///< ask the registry for newer base images
  std::vector<std::string> cache_from;
  /// Builds of one namespace share what RUN --mount=type=cache keeps; BuildKit only. Empty: all of the Engine do.
  std::string cache_mounts;
  std::string platform;                  ///< "linux/amd64"; empty: the Engine's own
  std::string network;                   ///< of RUN: "none", "host"; empty: the default
  std::vector<std::string> extra_hosts;  ///< "name:address"
  std::int64_t memory_bytes = 0;         ///< of RUN in the classic builder; 0: no limit
  std::int64_t memory_swap_bytes = 0;
  RegistryAuths credentials;  ///< for private base images; see Builds::build
};

struct BuildOutcome {
  std::string image_id;  ///< of the image's configuration: "sha256:…"
  Builder builder = Builder::buildkit;
  std::size_t steps = 0;         ///< instructions of the Dockerfile that were looked at
  std::size_t cached_steps = 0;  ///< of these: came from the cache
};

/// Builds images from a context. Borrows `transport`, which must outlive it.
class Builds {
 public:
  explicit Builds(Transport& transport) : transport_(transport) {}

  /// `context` is a tar, compressed or not. `progress` is called for each event, in order.
  ///
  /// A Dockerfile that can't be built is Kind::failed: the error names the step and ends with the last lines it wrote
  /// (they may hold what the Dockerfile printed). A build that was cut off is Kind::unavailable: whether it goes on is
  /// unknown, and building again is safe. Cancelling this call stops the build in the Engine.
  ///
  /// With `credentials` the automatic builder is the classic one, since BuildKit takes them over a session only, which
  /// this client does not open; Builder::buildkit with credentials is Kind::invalid. Where the base images are known,
  /// it is better to pull them first: without `pull`, BuildKit uses what the Engine has (docs/decisions/0015).
  awaitable<Result<BuildOutcome>> build(BuildSpec spec, std::unique_ptr<ByteSource> context,
                                        BuildEventSink progress = {});
  /// Stops a build that this or another client began. The Engine says yes for any id, and the classic builder stops
  /// only when its client goes away.
  awaitable<Result<void>> cancel(std::string id);

 private:
  awaitable<Result<Builder>> choose(Builder wanted, bool with_credentials);

  Transport& transport_;
};

}  // namespace slipway::docker
