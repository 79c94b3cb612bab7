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

/// An image as the Engine holds it.
struct Image {
  std::string id;  ///< of its configuration: "sha256:…"; what a build made and what a container runs
  std::vector<std::string> repo_tags;
  std::vector<std::string>
      repo_digests;  ///< "registry/name@sha256:…": its manifest, per repository it was pulled from or pushed to
  std::vector<std::string> environment;  ///< "NAME=value"
  std::vector<std::string> command;
  std::vector<std::string> entrypoint;
  std::string user;
  std::string working_directory;
  std::vector<std::string> exposed_ports;  ///< "80/tcp"
  std::vector<std::string> volumes;
  Labels labels;
  std::string os;
  std::string architecture;
  std::string variant;
  std::int64_t size = 0;  ///< bytes
  std::optional<Time> created;
  bool healthcheck = false;  ///< it says how to tell that it is healthy

  /// The manifest digest this image has in `repository` ("host:5000/name", as the Engine writes it); empty: none known.
  [[nodiscard]] std::string digest_in(std::string_view repository) const;
};

struct ImageSummary {
  std::string id;
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
  Labels labels;
  std::int64_t size = 0;
  Time created;
};

struct PullSpec {
  std::string repository;  ///< "registry.example:5000/shop/app"
  std::string reference;   ///< a tag, or "sha256:…"
  std::string platform;    ///< "linux/amd64"; empty: the Engine's own
  RegistryAuth auth;
};

struct Pulled {
  std::string id;      ///< of the image's configuration
  std::string digest;  ///< of the manifest, in that repository
};

struct PushSpec {
  std::string repository;
  std::string tag;
  RegistryAuth auth;
};

struct Pushed {
  std::string digest;  ///< of the manifest, as the registry has it
  std::int64_t size = 0;
  std::size_t layers_existing = 0;  ///< not sent: the registry had them
  std::size_t layers_sent = 0;
};

struct RemovedImage {
  std::vector<std::string> untagged;
  std::vector<std::string> deleted;
};

/// The Engine's /images endpoints. `name` is an id or any reference. Borrows `transport`, which must outlive it.
/// Cancelling a pull or a push closes its connection, which makes the Engine stop.
class Images {
 public:
  explicit Images(Transport& transport) : transport_(transport) {}

  /// Unknown is Kind::not_found.
  awaitable<Result<Image>> inspect(std::string name);
  /// With dangling=false etc. among the filters; `all` adds intermediate layers.
  awaitable<Result<std::vector<ImageSummary>>> list(Filters filters = {}, bool all = false);
  awaitable<Result<void>> tag(std::string name, std::string repository, std::string tag);
  /// Unknown is success; in use by a container (or, without `force`, tagged more than once) is Kind::conflict.
  awaitable<Result<RemovedImage>> remove(std::string name, bool force = false, bool prune_parents = true);
  /// Dangling images that match, with all=true unused ones too; at least one label filter is demanded.
  awaitable<Result<Pruned>> prune(Filters filters, bool all = false);

  /// Resolves when the image is there. Pulling is safe to repeat. Wrong credentials are Kind::unauthorized, an unknown
  /// image Kind::not_found, a registry that can't be reached Kind::unavailable.
  awaitable<Result<Pulled>> pull(PullSpec spec, ImageProgressSink progress = {});
  /// Sends the image that is tagged repository:tag. A push that ends without naming a digest did not happen, and is an
  /// error whatever the Engine's status said.
  awaitable<Result<Pushed>> push(PushSpec spec, ImageProgressSink progress = {});

  /// An image out of a root file system's tar. `changes` are Dockerfile instructions. The new image's id.
  awaitable<Result<std::string>> import(std::unique_ptr<ByteSource> tar, std::string repository, std::string tag,
                                        std::vector<std::string> changes = {});
  /// What `save` gave. The names ("repository:tag") or ids of the loaded images.
  awaitable<Result<std::vector<std::string>>> load(std::unique_ptr<ByteSource> tar, ImageProgressSink progress = {});
  /// A tar of the images, to be read to its end.
  awaitable<Result<ResponseStream>> save(std::vector<std::string> names);

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
