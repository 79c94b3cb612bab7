#pragma once
#include <string>
#include <vector>

#include "docker-client/filters.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

/// What a swarm keeps for its services under a name: a secret or a config. Its content can't be changed, and that of a
/// secret can't be read again.
struct SwarmFile {
  std::string id, name;
  Labels labels;
};

/// A manager's /secrets or /configs. Borrows `transport`, which must outlive it.
class SwarmFiles {
 public:
  enum class Kind { secret, config };
  SwarmFiles(Transport& transport, Kind kind) : transport_(transport), kind_(kind) {}

  /// Gives the id. A taken name is Kind::conflict, content of more than 500 kB (of a config 1000 kB) Kind::invalid.
  awaitable<Result<std::string>> create(std::string name, Labels labels, std::string content);
  awaitable<Result<std::vector<SwarmFile>>> list(Filters filters = {});
  /// Unknown is success. One that a service uses is Kind::invalid.
  awaitable<Result<void>> remove(std::string id);

 private:
  [[nodiscard]] std::string path() const { return kind_ == Kind::secret ? "/secrets" : "/configs"; }
  [[nodiscard]] std::string word() const { return kind_ == Kind::secret ? "secret " : "config "; }

  Transport& transport_;
  Kind kind_;
};

/// A swarm as one of its nodes sees it. Borrows `transport`, which must outlive it.
class Swarm {
 public:
  explicit Swarm(Transport& transport) : transport_(transport) {}
  /// The swarm's id. Kind::unavailable where the Engine is no manager of one, or can't speak for it now.
  awaitable<Result<std::string>> id();

 private:
  Transport& transport_;
};

}  // namespace slipway::docker
