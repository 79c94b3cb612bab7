#include "orchestrator/rollouts/haproxy/proxy_container.hpp"

#include <algorithm>
#include <optional>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"
#include "base/log.hpp"
#include "images/reference.hpp"
#include "images/tar_header.hpp"
#include "images/tar_reader.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts::haproxy {
namespace {

constexpr std::string_view volume_name = "slipway-proxy";
constexpr std::size_t largest_table = 4 << 20;
constexpr Milliseconds start_limit{15'000};
constexpr Milliseconds start_interval{50};
constexpr docker::ApiVersion hash_version{1, 44};
constexpr const char* table_file = "table.json";

class OneText final : public docker::ByteSource {
 public:
  explicit OneText(std::string text) : text_(std::move(text)) {}
  awaitable<Result<std::string>> next() override { co_return std::exchange(text_, {}); }

 private:
  std::string text_;
};

void add_folder(std::string& tar, const std::string& path, unsigned mode) {
  images::TarEntry entry;
  entry.path = path;
  entry.kind = images::EntryKind::folder;
  entry.mode = mode;
  tar += images::tar_header(entry);
}

void add_file(std::string& tar, const std::string& path, const std::string& content) {
  images::TarEntry entry;
  entry.path = path;
  entry.mode = 0600;
  entry.size = content.size();
  tar += images::tar_header(entry) + content + std::string(images::tar_padding(content.size()), '\0');
}

/// Nothing of it is read by HAProxy before it is moved to its place, or where nothing is there yet, started.
std::string tar_of(const ProxyFiles& files, const std::string& ending) {
  std::string tar;
  add_folder(tar, "certificates", 0700);
  for (const auto& [name, pem] : files.certificates) add_file(tar, "certificates/" + name + ".pem", pem);
  add_file(tar, "haproxy.cfg" + ending, files.config);
  add_file(tar, table_file + ending, files.table);
  return tar + images::tar_end();
}

Result<std::string> only_file(std::string_view tar) {
  images::TarReader reader;
  auto member = reader.read(tar);
  if (!member) return fail(member.error());
  if (!*member || (*member)->size > tar.size()) return fail(Error::Kind::protocol, "the archive breaks off");
  return std::string(tar.substr(0, (*member)->size));
}

}  // namespace

docker::ContainerSpec ProxyContainers::spec() const {
  docker::ContainerSpec spec(settings_.image);
  spec.entrypoint = std::vector<std::string>{};
  spec.user = "0:0";
  spec.network_mode = "host";
  docker::Mount volume;
  volume.source = volume_name;
  volume.target = proxy_folder;
  volume.no_copy = true;
  spec.mounts = {volume};
  spec.read_only_root = true;
  spec.no_new_privileges = true;
  spec.cap_drop = {"ALL"};
  spec.cap_add = {"NET_BIND_SERVICE", "SETUID", "SETGID", "KILL"};
  spec.restart.kind = docker::RestartPolicy::Kind::always;
  spec.stop_signal = "SIGUSR1";
  spec.stop_timeout_seconds = 30;
  spec.log = {"json-file", {{"max-size", "10m"}, {"max-file", "2"}}};
  spec.labels = {{std::string(label::instance), instance_}, {std::string(label::proxy), "haproxy"}};
  return spec;
}

awaitable<Result<std::vector<docker::ContainerSummary>>> ProxyContainers::list_all() {
  docker::ListContainers what;
  what.filters.label(std::string(label::proxy), "haproxy");
  auto listed = co_await engine_.containers().list(std::move(what));
  if (!listed) co_return fail(listed.error().in("look for the proxy"));
  std::erase_if(*listed, [](const auto& one) { return one.labels.contains(std::string(label::run)); });
  for (const docker::ContainerSummary& one : *listed) {
    if (label_of(one.labels, label::instance) == instance_) continue;
    co_return fail(Error::Kind::conflict, "the host has a proxy of another slipway installation, " + one.name,
                   "remove it, or let only one installation route requests there");
  }
  co_return listed;
}

awaitable<Result<std::vector<RunningProxy>>> ProxyContainers::list() {
  auto listed = co_await list_all();
  if (!listed) co_return fail(listed.error());
  std::vector<RunningProxy> running;
  for (const docker::ContainerSummary& one : *listed) {
    if (one.state != docker::ContainerStatus::running) continue;
    running.push_back({one.name, one.id, label_of(one.labels, label::spec_hash), one.created_at.value_or(Time())});
  }
  std::sort(running.begin(), running.end(),
            [](const RunningProxy& a, const RunningProxy& b) { return a.created > b.created; });
  co_return running;
}

awaitable<Result<ProxyTable>> ProxyContainers::table() {
  auto listed = co_await list_all();
  if (!listed) co_return fail(listed.error());
  if (listed->empty()) co_return ProxyTable();
  const std::string path = std::string(proxy_folder) + "/" + table_file;
  auto archive = co_await engine_.archives().get(listed->front().id, path);
  if (!archive && archive.error().kind == Error::Kind::not_found) co_return ProxyTable();
  if (!archive) co_return fail(archive.error().in("read the proxy's table"));
  std::string tar;
  for (;;) {
    auto bytes = co_await archive->tar.next();
    if (!bytes) co_return fail(bytes.error().in("read the proxy's table"));
    if (bytes->empty()) break;
    tar += *bytes;
    if (tar.size() > largest_table) co_return fail(Error::Kind::too_large, "the proxy's table is too large");
  }
  auto text = only_file(tar);
  if (!text) co_return fail(text.error().in("read the proxy's table"));
  co_return ProxyTable::parse(*text);
}

awaitable<Result<void>> ProxyContainers::pull() {
  auto there = co_await engine_.images().inspect(settings_.image);
  if (there) co_return Result<void>();
  if (there.error().kind != Error::Kind::not_found) co_return fail(there.error());
  auto reference = images::parse_reference(settings_.image);
  if (!reference) co_return fail(reference.error().in("the proxy's image"));
  docker::PullSpec what;
  what.repository = reference->repository();
  what.reference = reference->target();
  auto credentials = co_await registries_.credentials(what.repository);
  if (!credentials) co_return fail(credentials.error());
  what.auth = std::move(*credentials);
  auto pulled = co_await engine_.images().pull(std::move(what));
  if (!pulled) co_return fail(pulled.error().in("pull the proxy's image " + settings_.image));
  co_return Result<void>();
}

awaitable<Result<void>> ProxyContainers::put(std::string container, std::string tar) {
  std::unique_ptr<docker::ByteSource> source = std::make_unique<OneText>(std::move(tar));
  auto put = co_await engine_.archives().put(container, std::string(proxy_folder), std::move(source));
  if (!put) co_return fail(put.error().in("write the proxy's configuration"));
  co_return Result<void>();
}

awaitable<Result<RunningProxy>> ProxyContainers::create(std::string before) {
  if (auto pulled = co_await pull(); !pulled) co_return fail(pulled.error());
  docker::ContainerSpec made = spec();
  const std::string hash = sha256_hex(dump_json(create_body(made, hash_version)));
  RunningProxy proxy;
  proxy.name = "slipway-proxy-" + random_hex(3);
  proxy.spec_hash = hash;
  made.name = proxy.name;
  made.labels[std::string(label::spec_hash)] = hash;
  made.env = {"SLIPWAY_RUN=" + proxy.folder()};
  made.command = {"haproxy",
                  "-W",
                  "-db",
                  "-S",
                  proxy.folder() + "/master.sock,mode,600",
                  "-f",
                  std::string(proxy_folder) + "/haproxy.cfg"};
  if (!before.empty()) {
    made.command->insert(made.command->end(), {"-x", std::string(proxy_folder) + "/" + before + "/worker.sock"});
  }
  docker::VolumeSpec volume;
  volume.name = volume_name;
  volume.labels = {{std::string(label::instance), instance_}, {std::string(label::proxy), "haproxy"}};
  auto kept = co_await engine_.volumes().create(std::move(volume));
  if (!kept) co_return fail(kept.error().in("create the proxy's volume"));
  // One of an installation that is gone will do: no Compose file can write this label.
  if (label_of(kept->labels, label::proxy) != "haproxy") {
    co_return fail(Error::Kind::conflict, "the host has a volume " + kept->name + " that slipway did not make",
                   "look at who uses it, and remove it");
  }
  auto created = co_await engine_.containers().create(std::move(made));
  if (!created) co_return fail(created.error().in("create the proxy"));
  proxy.id = created->id;
  std::string tar;
  add_folder(tar, proxy.name, 0700);
  if (auto folder = co_await put(proxy.id, tar + images::tar_end()); !folder) co_return fail(folder.error());
  co_return proxy;
}

awaitable<Result<void>> ProxyContainers::wait_until_up(RunningProxy proxy) {
  for (;;) {
    auto there = co_await engine_.containers().inspect(proxy.id);
    if (!there) co_return fail(there.error());
    if (!there->state.running || there->restart_count > 0) {
      const std::string words = co_await last_words(engine_.containers(), proxy.id);
      co_return fail(Error::Kind::failed, "the proxy does not start: " + words);
    }
    auto session = co_await speak_to(proxy);
    if (session) {
      auto workers = co_await session->workers();
      if (workers && workers->current != 0) co_return Result<void>();
    }
    co_await sleep_for(start_interval);
  }
}

awaitable<Result<void>> ProxyContainers::remove_ended() {
  auto listed = co_await list_all();
  if (!listed) co_return fail(listed.error());
  for (const docker::ContainerSummary& one : *listed) {
    if (one.state == docker::ContainerStatus::running) continue;
    docker::RemoveContainer how;
    how.force = true;
    auto removed = co_await engine_.containers().remove(one.id, how);
    if (!removed) co_return fail(removed.error().in("remove the ended proxy " + one.name));
  }
  co_return Result<void>();
}

/// The restart policy goes first, else it would come back from its own end.
awaitable<Result<void>> ProxyContainers::retire(RunningProxy old) {
  auto set = co_await engine_.containers().set_restart_policy(old.id, docker::RestartPolicy());
  if (!set) co_return set;
  auto told = co_await engine_.containers().kill(old.id, "USR1");
  if (told || told.error().kind == Error::Kind::conflict || told.error().kind == Error::Kind::not_found) {
    co_return Result<void>();
  }
  co_return told;
}

/// One program checks and moves: a crash leaves the old files or the new ones. The table goes first, since it is read
/// to make the next configuration.
constexpr const char* accept_script =
    "cd \"$1\" && haproxy -c -q -f haproxy.cfg.new && mv -f table.json.new table.json && "
    "mv -f haproxy.cfg.new haproxy.cfg";

awaitable<Result<void>> ProxyContainers::accept_files(RunningProxy proxy, ProxyFiles files) {
  if (auto written = co_await put(proxy.id, tar_of(files, ".new")); !written) co_return written;
  docker::ExecSpec move({"sh", "-c", accept_script, "sh", std::string(proxy_folder)});
  move.user = "0:0";
  auto moved = co_await engine_.exec().run(proxy.id, std::move(move));
  if (!moved) co_return fail(moved.error().in("check the proxy's configuration"));
  if (moved->exit_code == 0) co_return Result<void>();
  co_return fail(Error::Kind::failed, "HAProxy does not take its configuration: " + moved->output);
}

awaitable<Result<RunningProxy>> ProxyContainers::apply(ProxyFiles files) {
  auto running = co_await list();
  if (!running) co_return fail(running.error());
  const std::string wanted = sha256_hex(dump_json(create_body(spec(), hash_version)));
  if (!running->empty()) {
    if (auto taken = co_await accept_files(running->front(), files); !taken) co_return fail(taken.error());
  }
  if (running->empty() || running->front().spec_hash != wanted) {
    if (auto removed = co_await remove_ended(); !removed) co_return fail(removed.error());
    std::string before;
    if (!running->empty()) before = running->front().name;
    auto made = co_await create(before);
    if (!made) co_return fail(made.error());
    if (auto written = co_await put(made->id, tar_of(files, "")); !written) co_return fail(written.error());
    if (auto started = co_await engine_.containers().start(made->id); !started) {
      co_return fail(started.error().in("start the proxy"));
    }
    auto up = co_await with_deadline(start_limit, wait_until_up(*made), "the start of the proxy");
    if (!up) co_return fail(up.error());
    log::info("proxy started", {{"container", made->name}, {"image", settings_.image}, {"instead_of", before}});
    running->insert(running->begin(), *made);
  }
  for (std::size_t i = 1; i < running->size(); ++i) {
    if (auto retired = co_await retire((*running)[i]); !retired) co_return fail(retired.error());
  }
  co_return running->front();
}

awaitable<Result<void>> ProxyContainers::reload(RunningProxy proxy) {
  auto told = co_await engine_.containers().kill(proxy.id, "USR2");
  if (!told) co_return fail(told.error().in("reload the proxy"));
  co_return Result<void>();
}

awaitable<Result<CliSession>> ProxyContainers::speak_to(RunningProxy proxy) {
  auto opening = CliSession::open(engine_.exec(), proxy.id, proxy.folder());
  co_return co_await with_deadline(std::chrono::seconds(10), std::move(opening), "reaching the proxy's socket");
}

namespace {

/// Takes the conversation with `proxy` out of `kept`, if there is one and it has not broken off.
awaitable<std::optional<CliSession>> take_working(Conversations* kept, std::string proxy) {
  const auto found =
      std::find_if(kept->begin(), kept->end(), [&](const Conversation& one) { return one.proxy == proxy; });
  if (found == kept->end()) co_return std::nullopt;
  CliSession session = std::move(found->session);
  kept->erase(found);
  auto workers = co_await session.workers();
  if (!workers) co_return std::nullopt;
  co_return session;
}

}  // namespace

awaitable<Result<void>> ProxyContainers::speak_to_all(Conversations* kept) {
  Conversations before = std::exchange(*kept, {});
  auto running = co_await list();
  if (!running) co_return fail(running.error());
  for (std::size_t i = 0; i < running->size(); ++i) {
    const RunningProxy& proxy = (*running)[i];
    if (auto session = co_await take_working(&before, proxy.id)) {
      kept->push_back({proxy.id, std::move(*session)});
      continue;
    }
    auto session = co_await speak_to(proxy);
    if (session) {
      kept->push_back({proxy.id, std::move(*session)});
      continue;
    }
    if (i == 0) co_return fail(session.error());
    auto there = co_await engine_.containers().inspect(proxy.id);
    if (there && there->state.running) co_return fail(session.error());
    if (!there && there.error().kind != Error::Kind::not_found) co_return fail(there.error());
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts::haproxy
