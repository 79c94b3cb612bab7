#include "tests/integration/rollouts/fleet/fleet.hpp"

#include <set>
#include <stdexcept>

#include "base/files.hpp"
#include "base/http_client.hpp"
#include "docker-client/builds.hpp"
#include "docker-client/images.hpp"
#include "orchestrator/rollouts/file_grants.hpp"
#include "orchestrator/rollouts/gather.hpp"
#include "orchestrator/rollouts/host_view.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "orchestrator/store/projects.hpp"
#include "tests/integration/rollouts/fleet/must.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::minutes fleet_patience{2};

std::vector<HostSettings> rig_hosts() {
  std::vector<HostSettings> hosts;
  docker::TlsFiles tls;
  const std::string folder = rig_setting("SLIPWAY_TEST_TLS");
  tls.ca = folder + "/ca.pem";
  tls.certificate = folder + "/cert.pem";
  tls.key = folder + "/key.pem";
  const std::string list = rig_setting("SLIPWAY_TEST_HOSTS");
  for (std::size_t begin = 0; begin < list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    HostSettings host;
    host.name = "h" + std::to_string(hosts.size() + 1);
    host.endpoint = must(docker::parse_endpoint(list.substr(begin, end - begin), tls));
    host.groups = {"production"};
    hosts.push_back(std::move(host));
    begin = end + 1;
  }
  return hosts;
}

ComposeRules compose_rules() {
  ComposeRules rules;
  rules.swarms = {"swarm"};
  return rules;
}

std::string proxy_image() {
  const char* image = std::getenv("SLIPWAY_TEST_PROXY");
  return image == nullptr ? "haproxy:2.6" : image;
}

images::RegistrySettings registry_settings() {
  images::RegistrySettings settings;
  settings.ca_files[rig_setting("SLIPWAY_TEST_REGISTRY")] = rig_setting("SLIPWAY_TEST_REGISTRY_CA");
  return settings;
}

/// Everything of the tests' applications, also of a test that was broken off and left its ports taken.
/// Applications are told by `key`.
awaitable<void> remove_all(docker::Engine* engine, std::string key) {
  docker::ListContainers what;
  what.filters.label(key);
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) throw std::runtime_error(listed.error().message);
  std::set<std::string> applications;
  for (const auto& one : *listed) {
    const std::string application = one.labels.at(key);
    if (!application.starts_with("ro-")) continue;
    applications.insert(application);
    docker::RemoveContainer how;
    how.force = how.volumes = true;
    auto removed = co_await engine->containers().remove(one.id, how);
    if (!removed) throw std::runtime_error(removed.error().message);
  }
  // Of one that has lost its containers the networks may be left.
  docker::Filters labelled;
  labelled.label(key);
  auto left = co_await engine->networks().list(labelled);
  if (!left) throw std::runtime_error(left.error().message);
  for (const auto& network : *left) {
    if (label_of(network.labels, key).starts_with("ro-")) applications.insert(network.labels.at(key));
  }
  for (const std::string& application : applications) {
    docker::Filters ours;
    ours.label(key, application);
    auto networks = co_await engine->networks().prune(ours);
    auto volumes = co_await engine->volumes().prune(ours);
    if (!networks || !volumes) throw std::runtime_error("networks or volumes of " + application + " are left");
  }
}

/// Marks outlive the containers: the next slipwayd is to find them.
awaitable<void> remove_marks(docker::Engine* engine) {
  docker::Filters marks;
  marks.label(std::string(label::lease));
  auto listed = co_await engine->volumes().list(std::move(marks));
  if (!listed) throw std::runtime_error(listed.error().message);
  for (const docker::Volume& volume : *listed) {
    if (!label_of(volume.labels, label::lease).starts_with("ro-")) continue;
    auto removed = co_await engine->volumes().remove(volume.name);
    if (!removed) throw std::runtime_error(removed.error().message);
  }
}

/// Their volume too, so that the next test's installation finds no table of another one.
awaitable<void> remove_proxies(docker::Engine* engine) {
  docker::ListContainers what;
  what.filters.label(std::string(label::proxy));
  auto listed = co_await engine->containers().list(std::move(what));
  if (!listed) throw std::runtime_error(listed.error().message);
  for (const auto& one : *listed) {
    docker::RemoveContainer how;
    how.force = true;
    auto removed = co_await engine->containers().remove(one.id, how);
    if (!removed) throw std::runtime_error(removed.error().message);
  }
  auto volume = co_await engine->volumes().remove("slipway-proxy");
  if (!volume) throw std::runtime_error(volume.error().message);
}

awaitable<void> remove_everything(docker::Engine* engine) {
  co_await remove_all(engine, std::string(label::application));
  co_await remove_all(engine, std::string(label::compose_project));
  co_await remove_marks(engine);
  co_await remove_proxies(engine);
}

}  // namespace

std::string rig_setting(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw std::runtime_error(std::string(name) + " is not set: start tests/support/rig/rig.sh and source its env");
  }
  return value;
}

int rig_number(const std::string& address) {
  return std::stoi(address.substr(address.rfind('.') + 1)) - 10;
}

awaitable<Result<Secret>> FixedSecrets::secret(ProjectId, std::string name) {
  if (answers && (*answers)-- <= 0) co_return fail(Error::Kind::unavailable, "no secret can be had now");
  const auto found = values.find(name);
  if (found == values.end()) co_return fail(Error::Kind::not_found, "no secret " + name);
  co_return Secret(found->second);
}

Fleet::Fleet(std::filesystem::path data, store::CommitProbe* watcher)
    : folder(std::move(data)), probe(watcher), registry_client(pool, clock, registry_settings()) {
  docker::RegistryAuth auth;
  auth.username = rig_setting("SLIPWAY_TEST_REGISTRY_USER");
  auth.password = Secret(rig_setting("SLIPWAY_TEST_REGISTRY_PASSWORD"));
  auth.server = rig_setting("SLIPWAY_TEST_REGISTRY");
  credentials.set(auth.server, auth);
  proxy.image = auth.server + "/rollouts/" + proxy_image();
  open();
}

Fleet::~Fleet() {
  close();
}

void Fleet::open() {
  store::StoreOptions options;
  options.probe = probe;
  store = must(store::Store::open(folder, options));
  std::vector<HostSettings> in_settings = rig_hosts();
  std::erase_if(in_settings, [this](const HostSettings& host) { return not_in_settings.contains(host.name); });
  hosts = std::make_unique<HostDirectory>(io.get_executor(), store->fleet(), std::move(in_settings),
                                          std::vector<SwarmSettings>{{"swarm", {"h1", "h2", "h3"}}});
  haproxy = std::make_unique<haproxy::HaproxyTraffic>(*hosts, registry, clock, proxy, store->fleet());
  caddy = std::make_unique<caddy::CaddyTraffic>(*hosts, pool, clock, caddies, store->fleet());
  std::map<std::string, Traffic*> others;
  for (const auto& [host, settings] : caddies) others[host] = caddy.get();
  traffic = std::make_unique<TrafficByHost>(*haproxy, std::move(others));
  rollouts = std::make_unique<Rollouts>(Parts{io.get_executor(), *store, *hosts, registry, secrets, *traffic, pool,
                                              clock, compose_rules(), &deadlines, &metrics, transfer_lines});
}

void Fleet::close() {
  bool closed = false;
  asio::co_spawn(io, rollouts->shut_down(), [&](std::exception_ptr) { closed = true; });
  run_until([&] { return closed; });
  rollouts.reset();
  traffic.reset();
  hosts.reset();
  store.reset();
}

void Fleet::restart() {
  while_closed([] {});
}

void Fleet::while_closed(const std::function<void()>& work) {
  close();
  work();
  open();
}

void Fleet::run_until(const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + fleet_patience;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("took longer than two minutes");
    io.restart();
    io.run_for(std::chrono::milliseconds(20));
  }
}

void Fleet::add_project() {
  store::Project project;
  project.name = "shop";
  project.clone_url = "https://example.test/shop.git";
  project.created = clock.now();
  must(run(store->write(&store::Projects::add, project)));
}

Result<RolloutId> Fleet::begin(const std::string& compose, const std::string& image) {
  RolloutOrder order;
  order.generation.project = ProjectId(1);
  order.generation.compose.text = compose;
  if (!image.empty()) order.generation.images = {{"web", image}};
  order.requested_by = "test";
  return run(rollouts->start(std::move(order)));
}

store::Rollout Fleet::wait(RolloutId id) {
  said.clear();
  return must(run(rollouts->wait(id, [this](std::string line) { said.push_back(std::move(line)); })));
}

std::string Fleet::state_of(RolloutId id) {
  return must(run(store->read(&store::Rollouts::get, id))).state;
}

store::Rollout Fleet::roll_out(const std::string& compose, const std::string& image) {
  return wait(must(begin(compose, image)));
}

void Fleet::settle(const std::string& compose, const std::string& image) {
  const store::Rollout rollout = roll_out(compose + "  strategy: all\n", image);
  if (rollout.state != "succeeded") throw std::runtime_error(rollout.state + ": " + rollout.reason);
}

void Fleet::clean() {
  bool done = false;
  std::vector<awaitable<void>> work;
  for (const HostSettings& host : hosts->hosts()) work.push_back(remove_everything(*hosts->engine(host.name)));
  asio::co_spawn(io, run_all("clean", std::move(work)), [&](std::exception_ptr) { done = true; });
  run_until([&] { return done; });
}

std::vector<Shown> Fleet::shown(const std::string& host, const std::string& application) {
  return must(run(look_at_host((*hosts->engine(host))->containers(), Whose(store->fleet(), application, true))));
}

std::string Fleet::served(const std::string& host, int port) {
  HttpRequest request("GET", "http://" + hosts->address_of(host) + ":" + std::to_string(port) + "/");
  request.timeout = std::chrono::seconds(2);
  const auto answer = send_http(request);
  if (!answer || !answer->ok()) return {};
  return answer->body.substr(0, answer->body.find('\n'));
}

namespace {

class OneTar final : public docker::ByteSource {
 public:
  explicit OneTar(std::string tar) : tar_(std::move(tar)) {}
  awaitable<Result<std::string>> next() override { co_return std::exchange(tar_, {}); }

 private:
  std::string tar_;
};

}  // namespace

void push_proxy_image(Fleet& fleet) {
  docker::Engine engine(fleet.io.get_executor(), must(docker::parse_endpoint(rig_setting("SLIPWAY_TEST_ENGINE"))));
  docker::Images& images = engine.images();
  const std::string image = proxy_image();
  if (!fleet.run(images.inspect(image))) {
    throw std::runtime_error("image " + image + " is missing: rig.sh base-image DIR haproxy makes it");
  }
  docker::PushSpec push;
  push.repository = fleet.proxy.image.substr(0, fleet.proxy.image.rfind(':'));
  push.tag = image.substr(image.rfind(':') + 1);
  push.auth = must(fleet.run(fleet.registry.credentials(push.repository)));
  must(fleet.run(images.tag(image, push.repository, push.tag)));
  must(fleet.run(images.push(std::move(push))));
  must(fleet.run(images.remove(fleet.proxy.image)));
}

namespace {

/// Builds and pushes repository:tag from `files`; answers "repository@digest".
std::string build_and_push(Fleet& fleet, const std::string& name, const std::string& tag,
                           const std::map<std::string, std::string>& files) {
  static std::map<std::pair<std::string, std::map<std::string, std::string>>, std::string> pushed;
  std::string& known = pushed[{name, files}];
  if (!known.empty()) return known;
  docker::Engine engine(fleet.io.get_executor(), must(docker::parse_endpoint(rig_setting("SLIPWAY_TEST_ENGINE"))));
  const std::string repository = rig_setting("SLIPWAY_TEST_REGISTRY") + "/rollouts/" + name;
  std::string tar;
  for (const auto& [path, content] : files) tar += tar_entry(FileGrant(), path, content);
  docker::BuildSpec build;
  build.id = "rollouts-test-" + random_hex(4);
  build.builder = docker::Builder::classic;
  build.no_cache = true;  // what another program takes from the same cache would go with this one's image
  build.tags = {repository + ":" + tag};
  std::unique_ptr<docker::ByteSource> context = std::make_unique<OneTar>(tar + std::string(1024, '\0'));
  docker::Builds builds(engine.transport());
  must(fleet.run(builds.build(std::move(build), std::move(context))));
  docker::Images images(engine.transport());
  docker::PushSpec push;
  push.repository = repository;
  push.tag = tag;
  push.auth = must(fleet.run(fleet.registry.credentials(repository)));
  const auto outcome = must(fleet.run(images.push(std::move(push))));
  must(fleet.run(images.remove(repository + ":" + tag)));
  return known = repository + "@" + outcome.digest;
}

}  // namespace

std::string push_web_image(Fleet& fleet, const std::string& tag, const std::string& text, bool picky) {
  const std::string refuse = "[ ! -e /marker/bad ] || { echo I do not like this host; exec sleep 1000; }; ";
  const std::string dockerfile = "FROM busybox:latest\nSTOPSIGNAL SIGKILL\nEXPOSE 8080\nCMD " +
                                 (picky ? refuse : std::string()) + "mkdir -p /www && echo " + text +
                                 " > /www/index.html && exec httpd -f -p 8080 -h /www\n";
  return build_and_push(fleet, "web", tag, {{"Dockerfile", dockerfile}});
}

std::string push_image(Fleet& fleet, const std::string& name, const std::string& tag, const std::string& dockerfile) {
  return build_and_push(fleet, name, tag, {{"Dockerfile", dockerfile}});
}

std::string push_files_image(Fleet& fleet, const std::string& tag, const std::map<std::string, std::string>& files) {
  std::string dockerfile =
      "FROM busybox:latest\nSTOPSIGNAL SIGKILL\nEXPOSE 8080\nCMD [\"httpd\", \"-f\", \"-p\", \"8080\", \"-h\", "
      "\"/www\"]\n";
  std::map<std::string, std::string> context;
  for (const auto& [path, content] : files) {
    dockerfile += "COPY " + path + " /www/" + path + "\n";
    context[path] = content + "\n";
  }
  context["Dockerfile"] = dockerfile;
  return build_and_push(fleet, "web", tag, context);
}

std::string push_database_image(Fleet& fleet) {
  return build_and_push(fleet, "db", "1", {{"Dockerfile", "FROM busybox:latest\nCMD [\"sleep\", \"1000\"]\n"}});
}

std::string push_app_image(Fleet& fleet, const std::string& version) {
  const std::string dockerfile =
      "FROM python:3-slim\nCOPY server.py /server.py\nENV VERSION=" + version + "\nCMD [\"python3\", \"/server.py\"]\n";
  return build_and_push(fleet, "app", version,
                        {{"Dockerfile", dockerfile}, {"server.py", must(read_file("tests/support/app/server.py"))}});
}

}  // namespace slipway::rollouts
