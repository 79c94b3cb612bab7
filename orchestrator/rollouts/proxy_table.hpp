#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/drain_time.hpp"

/// What a host's proxy is to do. Kept as a file beside its configuration, so that the host alone can tell.
namespace slipway::rollouts {

/// Of a server that gets as many requests as any other; HAProxy knows 1 to 256.
inline constexpr unsigned even_weight = 100;

struct ProxyServer {
  std::string container;         ///< its name now
  std::string address;           ///< in a network of the host
  std::optional<Time> draining;  ///< since when it gets no new requests
  unsigned weight = even_weight;
  /// Where it listens; 0: at its service's route's port. A container of an earlier generation goes on at that one's.
  std::uint16_t port = 0;
  DrainTime drain{};  ///< of earlier routes of its service, by which it got requests
  /// What the proxy calls it; empty: as its container. A container that was renamed keeps the name it has there, and
  /// with it what is counted under that; one that comes under the former name meanwhile gets another.
  std::string known_as = {};
  std::string id = {};  ///< the container's; empty: not known yet
  friend bool operator==(const ProxyServer&, const ProxyServer&) = default;
};

struct ProxyService {
  std::string service;
  Route route;
  std::vector<ProxyServer> servers;
  friend bool operator==(const ProxyService&, const ProxyService&) = default;
};

/// Whether it has a server that gets requests.
bool serves(const ProxyService& service);
/// What the proxy calls a server.
const std::string& name_in_proxy(const ProxyServer& server);
/// Where one of its servers listens.
std::uint16_t port_of(const ProxyService& service, const ProxyServer& server);

/// A value: no I/O.
class ProxyTable {
 public:
  using Services = std::vector<ProxyService>;

  /// The routes of `application` are those of `services`, which name the containers that get requests. Others that got
  /// some go on to, those that drain are dropped once they are not among `running`. The weights are such that the named
  /// ones together get `percent` of a service's requests, and all are even with 100. Kind::conflict: a host name
  /// belongs to another application.
  Result<void> attach(const std::string& application, const Services& services, const std::vector<std::string>& running,
                      unsigned percent = 100);
  /// `containers` drain from `now` on, unless they did already.
  void detach(const std::string& application, const std::vector<std::string>& containers, Time now);

  /// `container` is called `name` from now on; its requests go on to come. Done already is no harm.
  void rename(const std::string& application, const std::string& container, const std::string& name);

  /// Services other than `routed` of which nothing is among `running` lose their routes.
  void forget(const std::string& application, const std::vector<std::string>& routed,
              const std::vector<std::string>& running);

  /// Servers go by the names that their containers have now (name → id): somebody may have renamed them, which is no
  /// harm to their requests. One that another container has taken the name of is that from now on.
  void follow_names(const std::string& application, const std::map<std::string, std::string>& ids);

  /// Servers get the address that their container has now (name → address); those that do not run keep theirs.
  void follow(const std::string& application, const std::map<std::string, std::string>& addresses);

  /// Whether `attach` would take these routes. Kind::conflict: a host name belongs to another application.
  [[nodiscard]] Result<void> may_route(const std::string& application, const std::vector<Route>& routes) const;

  [[nodiscard]] const std::map<std::string, Services>& applications() const { return applications_; }
  /// Empty if there is none.
  [[nodiscard]] const Services& services_of(const std::string& application) const;
  /// What the proxy calls those of `containers` that it knows.
  [[nodiscard]] std::vector<std::string> names_in_proxy(const std::string& application,
                                                        const std::vector<std::string>& containers) const;
  /// When the first of `containers` began to drain, of those that are known.
  [[nodiscard]] std::optional<Time> draining_since(const std::string& application,
                                                   const std::vector<std::string>& containers) const;

  /// How long `containers` may take from then on: the longest of the routes by which they got requests, and of their
  /// services' present ones.
  [[nodiscard]] DrainTime drain_time(const std::string& application, const std::vector<std::string>& containers) const;

  [[nodiscard]] std::string dump() const;
  static Result<ProxyTable> parse(std::string_view text);
  friend bool operator==(const ProxyTable&, const ProxyTable&) = default;

 private:
  std::map<std::string, Services> applications_;
};

}  // namespace slipway::rollouts
