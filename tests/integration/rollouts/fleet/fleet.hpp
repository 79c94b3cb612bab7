#pragma once
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <boost/asio/io_context.hpp>

#include "orchestrator/rollouts/caddy/caddy_traffic.hpp"
#include "orchestrator/rollouts/haproxy/haproxy_traffic.hpp"
#include "orchestrator/rollouts/image_registries.hpp"
#include "orchestrator/rollouts/rollouts.hpp"
#include "orchestrator/rollouts/traffic_by_host.hpp"
#include "tests/support/stepped_clock.hpp"

/// The test rig's hosts and registry (tests/support/rig) with everything that rolls out to them. Fails, never skips,
/// where the rig is not there.
namespace slipway::rollouts {

/// What the rig's env file says. Throws if a variable is missing.
std::string rig_setting(const char* name);

/// Which of the rig's hosts has the address: 198.51.100.14 is the fourth's. A fleet may have the second ones.
int rig_number(const std::string& address);

class FixedSecrets final : public SecretSource {
 public:
  awaitable<Result<Secret>> secret(ProjectId project, std::string name) override;
  std::map<std::string, std::string> values;
  std::optional<int> answers;  ///< that it still gives before it is out of reach
};

/// A daemon's worth of rollouts over a data folder.
class Fleet {
 public:
  explicit Fleet(std::filesystem::path folder, store::CommitProbe* probe = nullptr);
  ~Fleet();

  /// Runs the io thread until `work` is done. Throws if that takes longer than two minutes.
  template <class T>
  T run(awaitable<T> work) {
    std::optional<T> value;
    std::exception_ptr escaped;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T result) {
      escaped = e;
      if (!e) value.emplace(std::move(result));
    });
    run_until([&] { return value.has_value() || escaped; });
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }
  void run_until(const std::function<bool()>& done);
  /// As after a crash: forgets everything that is not in the data folder.
  void restart();
  /// Does `work` while nobody has the data folder open.
  void while_closed(const std::function<void()>& work);

  /// Project 1, which every rollout of the tests belongs to.
  void add_project();
  /// Rolls `compose` out with `image` as service web's and waits for the end.
  store::Rollout roll_out(const std::string& compose, const std::string& image);
  /// What a test begins with and is not about: likewise, to all hosts at once. Throws if it does not succeed.
  void settle(const std::string& compose, const std::string& image);
  Result<RolloutId> begin(const std::string& compose, const std::string& image);
  store::Rollout wait(RolloutId id);
  std::string state_of(RolloutId id);

  /// Removes everything of applications whose name begins with "ro-" from all hosts, and the proxies.
  void clean();
  std::vector<Shown> shown(const std::string& host, const std::string& application);
  /// What http://HOST:PORT/ answers, without the line's end; empty if nothing does.
  std::string served(const std::string& host, int port);

  asio::io_context io;
  std::filesystem::path folder;
  store::CommitProbe* probe;
  Pool pool{4};
  SteppedClock clock;
  DeadlineClock deadlines;
  images::Credentials credentials;
  images::RegistryClient registry_client;
  runs::RegistryGrants grants;  ///< of every project
  ImageRegistries registry{registry_client, credentials, [this](ProjectId) { return granted(); }};
  FixedSecrets secrets;
  haproxy::ProxySettings proxy;
  caddy::CaddiesByHost caddies;  ///< to be set before the first `restart`
  MetricsSources metrics;
  std::set<std::string> not_in_settings;                  ///< hosts of the rig; to be set before a `restart`
  Milliseconds transfer_lines = runs::kTransferInterval;  ///< likewise
  std::unique_ptr<store::Store> store;
  std::unique_ptr<HostDirectory> hosts;
  std::unique_ptr<Traffic> haproxy, caddy, traffic;
  std::unique_ptr<Rollouts> rollouts;
  std::vector<std::string> said;  ///< by the last `wait`

 private:
  void open();
  void close();
  awaitable<Result<runs::RegistryGrants>> granted() { co_return grants; }
};

/// Pushes the rig's haproxy image (SLIPWAY_TEST_PROXY says another) to where `Fleet::proxy` has it from.
void push_proxy_image(Fleet& fleet);

/// Builds an image that serves `text` on port 8080, pushes it as repository:tag, and answers "repository@digest". With
/// `picky`, it does not become healthy where /marker/bad is. What this process has pushed once is not built again.
std::string push_web_image(Fleet& fleet, const std::string& tag, const std::string& text, bool picky = false);

/// Likewise one that this Dockerfile makes.
std::string push_image(Fleet& fleet, const std::string& name, const std::string& tag, const std::string& dockerfile);

/// Likewise one that serves `files` by their path below /.
std::string push_files_image(Fleet& fleet, const std::string& tag, const std::map<std::string, std::string>& files);

/// Likewise, in a repository of its own, one that stands for a database: nobody should restart it without need.
std::string push_database_image(Fleet& fleet);

/// Likewise with tests/support/app/server.py: version `version` of an application that can be put under load. "sick" is
/// one whose /healthz says so, "broken" one that answers every second request for / with 500, "hanging" one that
/// answers for /healthz only.
std::string push_app_image(Fleet& fleet, const std::string& version);

}  // namespace slipway::rollouts
