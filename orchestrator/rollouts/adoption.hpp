#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "orchestrator/rollouts/difference.hpp"
#include "orchestrator/rollouts/record.hpp"

/// From what hosts carry to what an application is. Pure.
namespace slipway::rollouts {

/// What one host, or a swarm, carries of an application.
struct Traces {
  std::string host;
  bool reachable = true;
  std::string reason;                      ///< why not
  std::set<std::string> fleets;            ///< ids that its containers are labelled with
  std::vector<Shown> containers;           ///< running or not
  std::map<std::int64_t, Record> records;  ///< by generation, of its containers and volumes
  std::int64_t newest_rollout = 0;         ///< that made any of it
  std::int64_t newest_fence = 0;           ///< of the leases on it
};

/// Adds the record that `labels` carry, if they do. False: there is one, and it can't be used.
bool add_record(const std::map<std::string, std::string>& labels, const std::string& application, Traces& into);

struct Findings {
  std::string fleet;
  Record promoted;
  std::vector<Record> earlier;         ///< whose containers a host has kept, oldest first: a rollback may go there
  std::vector<std::string> silent;     ///< hosts of it that did not answer
  std::int64_t newest_generation = 0;  ///< of any container: numbers up to it are taken
  std::int64_t newest_rollout = 0;
  std::int64_t newest_fence = 0;
};

/// Decides which generation is the promoted one: that which every host whose containers are exactly a generation's
/// runs, and no other host has something newer. `chosen`: a person's word, where that does not decide it.
/// Kind::conflict says which host has what, Kind::not_found that none has anything.
Result<Findings> findings_from(const std::vector<Traces>& hosts, const std::string& application,
                               std::optional<std::int64_t> chosen);

}  // namespace slipway::rollouts
