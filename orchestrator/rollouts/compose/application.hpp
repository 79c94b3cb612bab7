#pragma once
#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/rollouts/compose/service.hpp"
#include "orchestrator/rollouts/stages.hpp"

/// A Compose file with `x-slipway`, decoded: what runs on every host of a group, and how a new version gets there.
namespace slipway::rollouts {

struct Network {
  std::string key;
  std::string name;  ///< on the host; "<application>_<key>" unless given
  bool external = false;
  bool internal = false, attachable = false, enable_ipv6 = false;
  std::string driver;  ///< bridge unless given
  std::map<std::string, std::string> driver_options, labels;
  struct Subnet {
    std::string subnet, gateway, ip_range;
    friend bool operator==(const Subnet&, const Subnet&) = default;
  };
  std::vector<Subnet> subnets;
  friend bool operator==(const Network&, const Network&) = default;
};

struct Volume {
  std::string key;
  std::string name;  ///< on the host; "<application>_<key>" unless given
  bool external = false;
  std::string driver;
  std::map<std::string, std::string> driver_options, labels;
  friend bool operator==(const Volume&, const Volume&) = default;
};

/// Where the content of a secret or config comes from.
struct FileSource {
  enum class Kind {
    file,    ///< a file of the checkout
    text,    ///< `content:`
    secret,  ///< a slipway secret: `environment:` and `external:`
  };
  std::string key;
  Kind kind = Kind::file;
  std::string value;  ///< the path, the text, or the secret's name
  friend bool operator==(const FileSource&, const FileSource&) = default;
};

/// A number of hosts, or a share of them in percent.
struct Share {
  std::size_t number = 0;
  bool percent = false;
  friend bool operator==(const Share&, const Share&) = default;
};

/// How the new generation spreads. `rolling` takes hosts in batches; `canary` and `linear` in steps that people look
/// at; `blue_green` makes all of them ready, then switches.
enum class Strategy { rolling, blue_green, canary, linear };

/// After it, `share` of the hosts (or of the requests, where a proxy divides them) has the new generation.
struct SpreadStep {
  Share share;
  std::optional<Milliseconds> bake;  ///< how long it is watched; absent: Policy::bake
  bool wait = false;                 ///< goes on only at a person's word
  friend bool operator==(const SpreadStep&, const SpreadStep&) = default;
};

struct HttpGate {
  std::string service;  ///< empty: the one service that has `port`
  std::string path = "/";
  std::uint16_t port = 0;  ///< the container's; a published port of the host is looked up from it
  int status = 0;          ///< 0: any from 200 to 399
  Milliseconds interval{1000};
  Milliseconds timeout{5000};
  friend bool operator==(const HttpGate&, const HttpGate&) = default;
};

/// A command in each new container of a service; 0 is good.
struct CommandGate {
  std::string service;  ///< empty: the only one
  std::vector<std::string> command;
  Milliseconds interval{1000};
  Milliseconds timeout{5000};
  friend bool operator==(const CommandGate&, const CommandGate&) = default;
};

/// What a metric must not do while a rollout is in work. Any series of the answer counts.
struct MetricGate {
  std::string name;    ///< for people
  std::string source;  ///< of the daemon's settings: whoever writes the file does not choose where it asks
  std::string query;   ///< PromQL
  std::optional<double> above, below;  ///< an alarm beyond
  Milliseconds lasting{0};             ///< for so long, without a break
  Milliseconds interval{10'000};
  bool ignore_no_data = false;
  std::int64_t tries = 3;  ///< answers without data, or none at all, in a row, until that is an alarm
  friend bool operator==(const MetricGate&, const MetricGate&) = default;
};

/// A program that runs once on each host that is taken.
struct Hook {
  std::string service;           ///< whose image, environment, volumes and networks it has; empty: the only one
  std::vector<std::string> run;  ///< in place of the image's entrypoint and command
  bool exec = false;             ///< in the service's running container, not in one of its own
  bool old = false;              ///< of the generation that is replaced
  Milliseconds timeout{300'000};
  bool go_on = false;  ///< a failure is told, and changes nothing
  friend bool operator==(const Hook&, const Hook&) = default;
};

/// A program that runs once in a deployment, on one host, before any host is changed.
struct Migration {
  std::string service;
  std::vector<std::string> run;
  bool contract = false;  ///< what it takes away, generations before this one may need
  Milliseconds timeout{600'000};
  friend bool operator==(const Migration&, const Migration&) = default;
};

/// Requests that the daemon itself sends to the route of each host while a rollout is in work, and counts.
struct ProbePolicy {
  double rate = 2;   ///< per second and host, at most 20; 0: none
  std::string path;  ///< empty: the route's
  Milliseconds timeout{5000};
  bool fail_on_drop = false;  ///< one that is dropped is the rollout's failure
  friend bool operator==(const ProbePolicy&, const ProbePolicy&) = default;
};

/// What the daemon does about hosts that somebody changes between rollouts.
struct DriftPolicy {
  bool heal = false;              ///< bring them back, not only say so
  Milliseconds interval{60'000};  ///< from one look to the next, 5 s to 24 h
  friend bool operator==(const DriftPolicy&, const DriftPolicy&) = default;
};

/// Whose word a deployment waits for before anything is done for it.
struct ApprovalPolicy {
  std::vector<std::string> roles;   ///< one of them is needed: viewer, maintainer, admin, or one that tokens were given
  std::size_t count = 1;            ///< of different people, 1 to 10
  Milliseconds timeout{7'200'000};  ///< from when it was asked for, 1 s to 30 d
  bool by_another = false;          ///< one of them is not who asked for it
  friend bool operator==(const ApprovalPolicy&, const ApprovalPolicy&) = default;
};

/// When deployments may begin: a part of some days of the week, by the clocks of a zone.
struct Window {
  struct Dates {
    std::chrono::local_days first, last;  ///< both belong to it
    friend bool operator==(const Dates&, const Dates&) = default;
  };
  std::string zone;                                                    ///< "Europe/Berlin"
  std::array<bool, 7> days{true, true, true, true, true, true, true};  ///< from Monday
  std::chrono::minutes from{0};
  std::chrono::minutes to{24 * 60};  ///< not later than `from`: of the day after
  std::vector<Dates> except;         ///< closed on these
  friend bool operator==(const Window&, const Window&) = default;
};

/// How a new generation gets onto the hosts: `deploy.update_config` and `x-slipway` as one.
struct Policy {
  std::vector<std::string> targets;  ///< groups or hosts of the daemon's settings
  Strategy strategy = Strategy::rolling;
  std::vector<SpreadStep> steps;  ///< canary and linear: growing, what is left follows the last
  Milliseconds bake{0};        ///< canary and linear: after each step; blue-green: between switch and stop of the old
  bool manual_switch = false;  ///< blue-green: switches only at a person's word
  std::optional<Share> batch;  ///< absent: one host at a time
  std::optional<Share> min_healthy;  ///< absent: half of the hosts, rounded down
  std::optional<Order> order;        ///< absent: start-first where nothing forbids it
  FailureAction on_failure = FailureAction::roll_back;
  double max_failure_ratio = 0;
  BackScope scope = BackScope::all;  ///< of a rollback that nobody asked for
  Milliseconds delay{0};
  Milliseconds monitor{0};
  Milliseconds min_healthy_time{2000};    ///< a container must be healthy for so long, without a break
  Milliseconds health_deadline{120'000};  ///< from its start
  std::optional<HttpGate> gate;
  std::optional<CommandGate> command;
  std::vector<MetricGate> metrics;
  std::map<HookPoint, std::vector<Hook>> hooks;
  std::optional<Migration> migrate;
  FailureAction on_alarm = FailureAction::roll_back;  ///< or pause
  Milliseconds deadline{0};                           ///< for the rollout as a whole; 0: none
  ProbePolicy probe;
  DriftPolicy drift;
  Concurrency concurrency = Concurrency::queue;
  std::optional<ApprovalPolicy> approval;
  std::vector<Window> windows;  ///< deployments begin while one of them is open; none: at any time
  std::size_t keep = 1;         ///< generations whose stopped containers stay for a rollback
  friend bool operator==(const Policy&, const Policy&) = default;
};

struct Application {
  std::string name;
  bool for_swarm = false;         ///< then each service has Service::swarm
  std::vector<Service> services;  ///< in the file's order
  std::vector<Network> networks;  ///< those that a service uses
  std::vector<Volume> volumes;
  std::vector<FileSource> secrets, configs;
  Policy policy;

  /// nullptr where none is called so.
  [[nodiscard]] const Service* service(const std::string& called) const {
    for (const Service& one : services) {
      if (one.name == called) return &one;
    }
    return nullptr;
  }
};

}  // namespace slipway::rollouts
