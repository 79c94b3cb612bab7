#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/json.hpp"
#include "docker-client/registry_auth.hpp"
#include "docker-client/service_spec.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

/// How far a swarm's own update of a service is.
struct UpdateStatus {
  enum class State {
    none,  ///< it was never updated
    updating,
    paused,
    completed,
    rollback_started,
    rollback_paused,
    rollback_completed,
  };
  State state = State::none;
  std::string message;
};

struct Service {
  std::string id, name;
  std::uint64_t version = 0;  ///< what an update must name
  Labels labels;
  std::string image;
  bool global = false;
  std::uint64_t replicas = 0;
  std::optional<Labels> previous_labels;  ///< of what the swarm would roll back to
  UpdateStatus update;
  std::string spec;                            ///< the Engine's JSON of it
  std::vector<std::uint16_t> published_ports;  ///< as the swarm has given them
};

/// One task of a service: a container on a node, or the wish for one.
struct Task {
  std::string id, service, node;  ///< ids; no node yet: empty
  std::int64_t slot = 0;          ///< of a global service 0
  Labels labels;                  ///< its container's
  std::string image;
  std::string state;          ///< "new", "pending", "preparing", "starting", "running", "failed", "rejected", …
  std::string desired_state;  ///< "running", "shutdown", …
  std::string message, error;
  int exit_code = 0;
  std::string container;  ///< its id; empty before there is one
  std::optional<Time> since;
};

struct Node {
  std::string id, hostname, state, availability, address;
  bool manager = false;
};

/// A manager's /services, /tasks and /nodes. A node that is no manager of a swarm is Kind::unavailable. Borrows
/// `transport`, which must outlive it.
class Services {
 public:
  explicit Services(Transport& transport) : transport_(transport) {}

  /// Gives the id. A taken name is Kind::conflict. `auth` is kept by the swarm, for its nodes to pull with.
  awaitable<Result<std::string>> create(ServiceSpec spec, RegistryAuth auth);
  /// Kind::conflict if the service is not at `version` any more.
  awaitable<Result<void>> update(std::string id, std::uint64_t version, ServiceSpec spec, RegistryAuth auth);
  /// Back to what it was before its last update, by its own rollback settings. Kind::conflict as with `update`.
  awaitable<Result<void>> roll_back(Service service);
  awaitable<Result<Service>> inspect(std::string id_or_name);
  awaitable<Result<std::vector<Service>>> list(Filters filters = {});
  /// Unknown is success. Its containers end later.
  awaitable<Result<void>> remove(std::string id);

  awaitable<Result<std::vector<Task>>> tasks(Filters filters = {});
  awaitable<Result<std::vector<Node>>> nodes();

 private:
  awaitable<Result<Json>> ask(Request request, std::string doing);
  awaitable<Result<void>> send_update(std::string id, std::uint64_t version, std::string body, RegistryAuth auth,
                                      bool back);

  Transport& transport_;
};

Service service_from(const nlohmann::json& object);
Task task_from(const nlohmann::json& object);

}  // namespace slipway::docker
