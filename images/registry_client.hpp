#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/async_lock.hpp"
#include "base/clock.hpp"
#include "base/http_client.hpp"
#include "docker-client/registry_auth.hpp"
#include "images/reference.hpp"

namespace slipway::images {

struct RegistrySettings {
  RegistrySettings() = default;
  std::set<std::string> insecure;               ///< host[:port] spoken to by plain http; loopback is so anyway
  std::map<std::string, std::string> ca_files;  ///< host[:port] → PEM file; others: the system's
  Duration timeout = std::chrono::seconds(30);  ///< of one exchange
  /// By registry: at most four exchanges with one at a time, shared by all clients with these settings.
  std::shared_ptr<AsyncLocks> lanes = std::make_shared<AsyncLocks>(4);
};

struct Descriptor {
  std::string digest;  ///< "sha256:…" of the manifest (of the index, for an image of several platforms)
  std::string media_type;
  std::int64_t size = 0;
};

struct Manifest {
  Descriptor descriptor;
  std::string body;           ///< the bytes the digest is of
  std::string config_digest;  ///< of the image's configuration, which is the Engine's image id; empty for an index
  [[nodiscard]] bool index() const { return config_digest.empty(); }
};

class RegistryTokens;

/// An OCI distribution registry; nothing in it is changed. Speaks as whoever each call's `auth` says (basic or token
/// authentication, whichever the registry asks for; tokens are kept until they expire). One registry has at most four
/// of `pool`'s threads at a time, over all clients with the same `settings.lanes`, so that one which never answers
/// leaves others theirs. Cancelling ends an exchange within a second. Borrows `pool` and `clock`.
///
/// Errors: 401 is Kind::unauthorized, 403 forbidden, 404 not_found, 429 and 5xx unavailable with the registry's
/// Retry-After in the hint. A registry that can't be reached is unavailable.
class RegistryClient {
 public:
  RegistryClient(Pool& pool, const Clock& clock, RegistrySettings settings = {});
  RegistryClient(const RegistryClient&) = delete;
  RegistryClient& operator=(const RegistryClient&) = delete;
  ~RegistryClient();

  /// What the tag (or digest) names now; no content is fetched from registries that answer HEAD with a digest.
  awaitable<Result<Descriptor>> resolve(Reference reference, docker::RegistryAuth auth);
  /// The manifest, its bytes checked against the digest that was asked for and the one the registry states. At most
  /// 4 MiB.
  awaitable<Result<Manifest>> manifest(Reference reference, docker::RegistryAuth auth);
  /// All tags, sorted; fetched page by page. More than `limit` is Kind::too_large.
  awaitable<Result<std::vector<std::string>>> tags(Reference repository, docker::RegistryAuth auth,
                                                   std::size_t limit = 10'000);
  /// Whether a push to this repository would be let in: begins an upload and gives it up (OCI distribution spec,
  /// "Pushing blobs"). Kind::unauthorized or forbidden if not.
  awaitable<Result<void>> check_push(Reference repository, docker::RegistryAuth auth);

 private:
  awaitable<Result<HttpResponse>> send(std::string method, Reference reference, std::string path_and_query,
                                       docker::RegistryAuth auth);
  [[nodiscard]] HttpRequest request_for(const std::string& method, const Reference& reference,
                                        const std::string& path_and_query) const;

  Pool& pool_;
  RegistrySettings settings_;
  std::unique_ptr<RegistryTokens> tokens_;
};

}  // namespace slipway::images
