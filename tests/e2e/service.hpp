#pragma once
#include <string>

#include "tests/e2e/world.hpp"

namespace slipway::e2e {

/// A tiny web service on busybox, its pipeline and its Compose file, for tests that change one thing about it.
/// It answers "VERSION" at /version; it is healthy while /state/broken-VERSION does not exist.
class Service {
 public:
  Service(const Repository& repository, std::string name, int port);
  /// With a route in place of a port of its own: NAME.test at the daemon's proxies.
  static Service behind_proxies(const Repository& repository, std::string name);

  /// Commits this version and pushes it; the commit's id. `test` is the shell command of the unit test, `policy`
  /// further lines of x-slipway.
  std::string push(const std::string& version, const std::string& test = "true", const std::string& policy = "") const;

  /// What each host answers at /version now; "" for none.
  [[nodiscard]] std::vector<std::string> versions() const;
  [[nodiscard]] std::string version_on(const Host& host) const;
  /// `registry/repository` that the pipeline pushes to.
  [[nodiscard]] std::string image() const;
  /// The manifest digest that a tag has in the registry now; "" if there is none.
  [[nodiscard]] std::string digest_of_tag(const std::string& tag) const;
  /// The manifest digests of the images that the service's running containers have on each host.
  [[nodiscard]] std::vector<std::string> running_digests() const;
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::string volume() const { return name_ + "_state"; }

 private:
  const Repository& repository_;
  std::string name_;
  int port_;
  bool routed_ = false;
};

/// The hosts without a service, and without proxies: what earlier tests left of them is removed first, and what this
/// one leaves when the object goes. It has to be there before the daemon is and after it has ended: a daemon mends what
/// it misses.
class Cleared {
 public:
  explicit Cleared(std::string service) : service_(std::move(service)) { clear(); }
  Cleared(const Cleared&) = delete;
  ~Cleared() { clear(); }

 private:
  void clear() const;

  std::string service_;
};

}  // namespace slipway::e2e
