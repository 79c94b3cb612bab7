#include "docker-client/containers.hpp"

#include <nlohmann/json.hpp>

#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"
#include "docker-client/networks.hpp"

namespace slipway::docker {
namespace {

constexpr Duration name_poll = std::chrono::milliseconds(100);
constexpr Duration name_reserved_at_most = std::chrono::seconds(20);  // under load a creation takes seconds

std::string container_path(const std::string& id, std::string_view verb = {}) {
  return "/containers/" + percent_encode(id) + std::string(verb);
}

std::string name_of(WaitCondition condition) {
  switch (condition) {
    case WaitCondition::next_exit:
      return "next-exit";
    case WaitCondition::removed:
      return "removed";
    default:
      return "not-running";
  }
}

}  // namespace

awaitable<Result<Containers::Created>> Containers::create(ContainerSpec spec) {
  const std::string doing = "create container " + spec.name;
  Result<ApiVersion> version = co_await transport_.version();
  if (!version) co_return fail(std::move(version.error()).in(doing));
  Request request("POST", "/containers/create");
  if (!spec.name.empty()) request.with("name", spec.name);
  if (!spec.platform.empty() && *version >= ApiVersion{1, 41}) request.with("platform", spec.platform);
  request.json(dump_json(create_body(spec, *version)));
  request.patience = std::chrono::minutes(2);
  Result<Json> body = co_await call_json(transport_, std::move(request), doing);
  if (!body) co_return fail(std::move(body.error()));
  Created created{text_at(*body, "Id"), strings_at(*body, "Warnings")};
  if (created.id.empty()) co_return fail(Error::Kind::protocol, doing + ": the engine named no id");
  if (spec.networks.size() < 2 || *version >= ApiVersion{1, 44}) co_return created;
  spec.networks.erase(spec.networks.begin());
  Result<void> connected = co_await connect_rest(created.id, std::move(spec.networks));
  if (connected) co_return created;
  RemoveContainer how;
  how.volumes = true;
  Result<void> removed = co_await remove(created.id, how);
  if (!removed)
    co_return fail(std::move(connected.error()).in(doing + " (which stays, " + removed.error().message + ")"));
  co_return fail(std::move(connected.error()).in(doing));
}

awaitable<Result<Containers::Named>> Containers::create_or_find(ContainerSpec spec) {
  for (Duration waited{};; waited += name_poll) {
    Result<Created> made = co_await create(spec);
    if (made) co_return Named{std::move(made->id), std::nullopt};
    if (made.error().kind != Error::Kind::conflict) co_return fail(std::move(made.error()));
    Result<Container> there = co_await inspect(spec.name);
    if (there) co_return Named{there->id, std::move(*there)};
    if (there.error().kind != Error::Kind::not_found) co_return fail(std::move(there.error()));
    if (waited >= name_reserved_at_most) {
      co_return fail(Error::Kind::conflict,
                     "the engine keeps the name " + spec.name + " taken and has no such container");
    }
    co_await sleep_for(name_poll);
  }
}

awaitable<Result<void>> Containers::connect_rest(std::string id, std::vector<NetworkAttachment> networks) {
  Networks api(transport_);
  for (NetworkAttachment& network : networks) {
    Result<void> connected = co_await api.connect(id, std::move(network));
    if (!connected) co_return connected;
  }
  co_return Result<void>();
}

awaitable<Result<void>> Containers::start(std::string id) {
  Request request("POST", container_path(id, "/start"));
  request.patience = std::chrono::minutes(2);
  co_return co_await call(transport_, std::move(request), "start container " + id);
}

awaitable<Result<void>> Containers::stop(std::string id, std::optional<int> grace_seconds) {
  Request request("POST", container_path(id, "/stop"));
  if (grace_seconds) request.with("t", std::to_string(*grace_seconds));
  // The answer comes when it has stopped. With its own grace, which we don't know, it gets the time most would give.
  request.patience = std::chrono::seconds(grace_seconds.value_or(240) + 60);
  Result<void> stopped = co_await call(transport_, std::move(request), "stop container " + id);
  if (!stopped && stopped.error().kind == Error::Kind::not_found) co_return Result<void>();
  co_return stopped;
}

awaitable<Result<void>> Containers::kill(std::string id, std::string signal) {
  Request request("POST", container_path(id, "/kill"));
  request.with("signal", signal);
  co_return co_await call(transport_, std::move(request), "kill container " + id);
}

awaitable<Result<void>> Containers::pause(std::string id) {
  Request request("POST", container_path(id, "/pause"));
  co_return co_await call(transport_, std::move(request), "pause container " + id);
}

awaitable<Result<void>> Containers::unpause(std::string id) {
  Request request("POST", container_path(id, "/unpause"));
  co_return co_await call(transport_, std::move(request), "unpause container " + id);
}

awaitable<Result<ContainerWait>> Containers::begin_wait(std::string id, WaitCondition condition) {
  Request request("POST", container_path(id, "/wait"));
  request.with("condition", name_of(condition));
  Result<ResponseStream> stream = co_await transport_.stream(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("wait for container " + id));
  co_return ContainerWait(std::move(*stream));
}

awaitable<Result<ContainerExit>> Containers::wait(std::string id) {
  Result<ContainerWait> wait = co_await begin_wait(id, WaitCondition::not_running);
  if (!wait) co_return fail(std::move(wait.error()));
  co_return co_await wait->result();
}

awaitable<Result<ContainerExit>> ContainerWait::result() {
  std::string text;
  for (;;) {
    Result<std::string> piece = co_await stream_.next();
    if (!piece) co_return fail(std::move(piece.error()).in("wait"));
    if (piece->empty()) break;
    text += *piece;
    if (text.size() > (64 << 10)) co_return fail(Error::Kind::protocol, "wait: the answer is too long");
  }
  // An Engine that goes down may end the answer before it said anything; that is no exit code of 0.
  if (text.find_first_not_of(" \r\n\t") == std::string::npos)
    co_return fail(Error::Kind::unavailable, "wait: the engine ended the wait without a result");
  Result<Json> body = parse_json(text);
  if (!body || !value_at(*body, "StatusCode").is_number())
    co_return fail(Error::Kind::protocol, "wait: the answer has no status code");
  ContainerExit exit;
  exit.exit_code = static_cast<int>(number_at(*body, "StatusCode"));
  exit.error = text_at(value_at(*body, "Error"), "Message");
  co_return exit;
}

awaitable<Result<Container>> Containers::inspect(std::string id) {
  const Result<Json> body = co_await inspect_json(std::move(id));
  if (!body) co_return fail(body.error());
  co_return container_from(*body);
}

awaitable<Result<Json>> Containers::inspect_json(std::string id) {
  Request request("GET", container_path(id, "/json"));
  co_return co_await call_json(transport_, std::move(request), "inspect container " + id);
}

awaitable<Result<std::vector<ContainerSummary>>> Containers::list(ListContainers what) {
  Request request("GET", "/containers/json");
  request.with("all", flag_text(what.all));
  if (!what.filters.empty()) request.with("filters", what.filters.json());
  Result<Json> body = co_await call_json(transport_, std::move(request), "list containers");
  if (!body) co_return fail(std::move(body.error()));
  std::vector<ContainerSummary> rows;
  for (const Json& row : *body) rows.push_back(container_summary_from(row));
  co_return rows;
}

awaitable<Result<void>> Containers::rename(std::string id, std::string name) {
  Request request("POST", container_path(id, "/rename"));
  request.with("name", name);
  co_return co_await call(transport_, std::move(request), "rename container " + id);
}

awaitable<Result<void>> Containers::set_restart_policy(std::string id, RestartPolicy policy) {
  Request request("POST", container_path(id, "/update"));
  const Json body = {{"RestartPolicy", restart_body(policy)}};
  request.json(dump_json(body));
  co_return co_await call(transport_, std::move(request), "update container " + id);
}

awaitable<Result<void>> Containers::remove(std::string id, RemoveContainer how) {
  Request request("DELETE", container_path(id));
  request.with("force", flag_text(how.force)).with("v", flag_text(how.volumes));
  request.patience = std::chrono::minutes(2);
  Result<void> removed = co_await call(transport_, std::move(request), "remove container " + id);
  const bool gone = !removed && removed.error().kind == Error::Kind::not_found;
  const bool going = !removed && removed.error().kind == Error::Kind::conflict &&
                     removed.error().message.find("already in progress") != std::string::npos;
  if (gone || going) co_return Result<void>();
  co_return removed;
}

awaitable<Result<Pruned>> Containers::prune(Filters filters) {
  if (!filters.by_label()) co_return fail(Error::Kind::invalid, "prune containers: needs a label to go by");
  Request request("POST", "/containers/prune");
  request.with("filters", filters.json());
  request.patience = std::chrono::minutes(5);
  Result<Json> body = co_await call_json(transport_, std::move(request), "prune containers");
  if (!body) co_return fail(std::move(body.error()));
  co_return Pruned{strings_at(*body, "ContainersDeleted"), number_at(*body, "SpaceReclaimed")};
}

awaitable<Result<ContainerStats>> Containers::stats(std::string id) {
  Request request("GET", container_path(id, "/stats"));
  request.with("stream", "0").with("one-shot", "1");
  Result<Json> body = co_await call_json(transport_, std::move(request), "stats of container " + id);
  if (!body) co_return fail(std::move(body.error()));
  co_return container_stats_from(*body);
}

awaitable<Result<ResponseStream>> Containers::logs(std::string id, LogsRequest what) {
  Request request("GET", container_path(id, "/logs"));
  request.with("stdout", flag_text(what.out))
      .with("stderr", flag_text(what.err))
      .with("follow", flag_text(what.follow));
  if (what.timestamps) request.with("timestamps", "1");
  if (!what.since.empty()) request.with("since", what.since);
  if (!what.until.empty()) request.with("until", what.until);
  if (what.tail) request.with("tail", std::to_string(*what.tail));
  Result<ResponseStream> stream = co_await transport_.stream(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("logs of container " + id));
  co_return stream;
}

awaitable<Result<HijackedStream>> Containers::attach(std::string id, AttachRequest what) {
  Request request("POST", container_path(id, "/attach"));
  request.with("stream", "1")
      .with("stdin", flag_text(what.in))
      .with("stdout", flag_text(what.out))
      .with("stderr", flag_text(what.err));
  if (what.logs) request.with("logs", "1");
  Result<HijackedStream> stream = co_await transport_.hijack(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("attach to container " + id));
  co_return stream;
}

}  // namespace slipway::docker
