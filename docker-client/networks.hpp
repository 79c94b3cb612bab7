#pragma once
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"
#include "docker-client/container_spec.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

struct AddressPool {
  std::string subnet, gateway, ip_range;
};

struct NetworkSpec {
  explicit NetworkSpec(std::string network_name) : name(std::move(network_name)) {}

  std::string name;
  std::string driver = "bridge";
  Labels labels;
  std::map<std::string, std::string> options;
  bool internal = false;  ///< no way out
  bool attachable = false;
  bool ipv6 = false;
  std::vector<AddressPool> pools;
};

struct Network {
  std::string id, name, driver, scope;
  bool internal = false;
  std::optional<Time> created_at;  ///< the engine makes its `bridge` anew each time it comes up
  Labels labels;
  std::vector<AddressPool> pools;
  std::map<std::string, std::string> containers;  ///< id → name; only inspect fills it, with running ones
};

/// Borrows `transport`, which must outlive it.
class Networks {
 public:
  explicit Networks(Transport& transport) : transport_(transport) {}

  /// Gives the id. A taken name is Kind::conflict.
  awaitable<Result<std::string>> create(NetworkSpec spec);
  /// A name that several have is Kind::conflict, see `settle`.
  awaitable<Result<Network>> inspect(std::string id);
  /// The network of exactly that name. There can be several below API 1.44, where CheckDuplicate does not see a create
  /// that is still under way, as that of a client which died; then no container that is in one of them can be started.
  /// Those with exactly `labels` and without containers are removed, the newest first, until one has the name for
  /// itself. Kind::conflict if several are left, Kind::not_found if there is none.
  awaitable<Result<Network>> settle(std::string name, Labels labels);
  awaitable<Result<std::vector<Network>>> list(Filters filters = {});
  awaitable<Result<void>> connect(std::string container, NetworkAttachment attachment);
  /// Not connected and unknown are success.
  awaitable<Result<void>> disconnect(std::string network, std::string container, bool force = false);
  /// Unknown is success. One that has containers is Kind::forbidden.
  awaitable<Result<void>> remove(std::string id);
  /// Unused networks that match; at least one label filter is demanded.
  awaitable<Result<Pruned>> prune(Filters filters);

 private:
  Transport& transport_;
};

nlohmann::json create_body(const NetworkSpec& spec);
nlohmann::json endpoint_config(const NetworkAttachment& attachment, ApiVersion version);
Network network_from(const nlohmann::json& object);

}  // namespace slipway::docker
