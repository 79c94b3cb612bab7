#include "orchestrator/rollouts/adoption.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

/// What a host says the application is.
struct Opinion {
  std::int64_t generation = 0;  ///< 0: it has nothing to say
  bool exact = false;           ///< it runs just what that generation asks for
};

bool has_all(const std::vector<Wanted>& wanted, const std::vector<Shown>& there) {
  const Difference found = difference(wanted, there);
  return found.missing.empty() && found.clashes.empty();
}

Opinion opinion_of(const Traces& host) {
  Opinion opinion;
  for (const auto& [generation, record] : host.records) {
    const bool exact = difference(wanted_of(record.spec), host.containers).none();
    if (exact || !opinion.exact) opinion = {generation, exact};
  }
  return opinion;
}

/// One line a host.
std::string who_has_what(const std::vector<Traces>& hosts) {
  std::string text;
  for (const Traces& host : hosts) {
    const Opinion opinion = opinion_of(host);
    std::string has = "nothing of it";
    if (!host.reachable) has = "does not answer: " + host.reason;
    if (host.reachable && !host.containers.empty()) has = "containers without a record";
    if (opinion.generation != 0) {
      has = std::string(opinion.exact ? "runs" : "has parts of") + " generation " + std::to_string(opinion.generation);
    }
    if (host.fleets.size() > 1) has += ", of the installations " + joined(host.fleets);
    text += (text.empty() ? "" : "; ") + ("host " + host.host + ": ") + has;
  }
  return text;
}

Result<std::string> fleet_of(const std::vector<Traces>& hosts, const std::string& application) {
  std::set<std::string> fleets;
  for (const Traces& host : hosts) fleets.insert(host.fleets.begin(), host.fleets.end());
  if (fleets.size() == 1) return *fleets.begin();
  if (fleets.empty()) {
    return fail(Error::Kind::not_found, "no host has containers of " + application + ": " + who_has_what(hosts));
  }
  std::string text;
  for (const Traces& host : hosts) {
    if (host.fleets.empty()) continue;
    text += (text.empty() ? "" : "; ") + ("host " + host.host + ": " + joined(host.fleets));
  }
  return fail(
      Error::Kind::conflict,
      application + " has containers of several installations of slipway, by their label dev.slipway.instance: " + text,
      "remove those of all but one");
}

Result<std::int64_t> decide(const std::vector<Traces>& hosts, const std::string& application) {
  std::set<std::int64_t> exact;
  std::set<std::int64_t> inexact;
  for (const Traces& host : hosts) {
    const Opinion opinion = opinion_of(host);
    if (opinion.generation != 0) (opinion.exact ? exact : inexact).insert(opinion.generation);
  }
  if (exact.empty() && inexact.empty()) {
    return fail(Error::Kind::not_found, "no host has a record of " + application + ": " + who_has_what(hosts),
                "what older releases deployed carries none; the next deployment writes it");
  }
  const std::set<std::int64_t>& says = exact.empty() ? inexact : exact;
  const bool newer = !inexact.empty() && *inexact.rbegin() > *says.rbegin();
  if (says.size() == 1 && !newer) return *says.begin();
  return fail(Error::Kind::conflict, "the hosts do not agree on " + application + ": " + who_has_what(hosts),
              "a rollout may have been in work; say which generation is right: slipway app adopt " + application +
                  " --generation NUMBER");
}

const Record* record_of(const std::vector<Traces>& hosts, std::int64_t generation) {
  for (const Traces& host : hosts) {
    const auto found = host.records.find(generation);
    if (found != host.records.end()) return &found->second;
  }
  return nullptr;
}

const Traces* find(const std::vector<Traces>& hosts, const std::string& name) {
  const auto found = std::find_if(hosts.begin(), hosts.end(), [&](const Traces& one) { return one.host == name; });
  return found == hosts.end() ? nullptr : &*found;
}

Result<std::vector<std::string>> silent_hosts(const std::vector<Traces>& hosts, const GenerationSpec& spec) {
  std::vector<std::string> silent;
  for (const std::string& name : spec.hosts) {
    const Traces* host = find(hosts, name);
    if (host == nullptr) {
      return fail(Error::Kind::not_found,
                  "generation " + std::to_string(spec.number) + " of " + spec.application + " runs on host " + name +
                      ", which the settings do not have",
                  "add it to the daemon's settings under that name");
    }
    if (!host->reachable) silent.push_back(name);
  }
  return silent;
}

std::vector<Record> kept_below(const std::vector<Traces>& hosts, std::int64_t promoted) {
  std::map<std::int64_t, Record> kept;
  for (const Traces& host : hosts) {
    for (const auto& [generation, record] : host.records) {
      if (generation < promoted && has_all(wanted_of(record.spec), host.containers)) kept.emplace(generation, record);
    }
  }
  std::vector<Record> records;
  records.reserve(kept.size());
  for (auto& [generation, record] : kept) records.push_back(std::move(record));
  return records;
}

}  // namespace

bool add_record(const std::map<std::string, std::string>& labels, const std::string& application, Traces& into) {
  const std::string label = label_of(labels, label::record);
  if (label.empty()) return true;
  auto record = unpack_record(label);
  if (!record || record->spec.application != application) return false;
  into.records.insert_or_assign(record->spec.number, std::move(*record));
  return true;
}

Result<Findings> findings_from(const std::vector<Traces>& hosts, const std::string& application,
                               std::optional<std::int64_t> chosen) {
  Findings findings;
  auto fleet = fleet_of(hosts, application);
  if (!fleet) return fail(fleet.error());
  findings.fleet = std::move(*fleet);
  auto generation = chosen ? Result<std::int64_t>(*chosen) : decide(hosts, application);
  if (!generation) return fail(generation.error());
  const Record* record = record_of(hosts, *generation);
  if (record == nullptr) {
    return fail(Error::Kind::not_found, "no host has a record of generation " + std::to_string(*generation) + " of " +
                                            application + ": " + who_has_what(hosts));
  }
  findings.promoted = *record;
  auto silent = silent_hosts(hosts, record->spec);
  if (!silent) return fail(silent.error());
  if (!silent->empty() && !chosen) {
    return fail(
        Error::Kind::conflict,
        "not all hosts of " + application + " answer, and one may have a newer generation: " + who_has_what(hosts),
        "try again when they do, or say which generation is right: slipway app adopt " + application +
            " --generation " + std::to_string(*generation));
  }
  findings.silent = std::move(*silent);
  findings.earlier = kept_below(hosts, *generation);
  findings.newest_generation = *generation;
  for (const Traces& host : hosts) {
    findings.newest_rollout = std::max(findings.newest_rollout, host.newest_rollout);
    findings.newest_fence = std::max(findings.newest_fence, host.newest_fence);
    for (const Shown& one : host.containers) {
      findings.newest_generation = std::max(findings.newest_generation, one.generation);
    }
    if (!host.records.empty()) {
      findings.newest_generation = std::max(findings.newest_generation, host.records.rbegin()->first);
    }
  }
  return findings;
}

}  // namespace slipway::rollouts
