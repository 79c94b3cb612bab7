#include "orchestrator/rollouts/haproxy/runtime.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/text.hpp"
#include "orchestrator/rollouts/compose/values.hpp"
#include "orchestrator/rollouts/haproxy/config.hpp"

namespace slipway::rollouts::haproxy {
namespace {

constexpr std::string_view no_server = "No such server";
constexpr std::string_view no_backend = "No such backend";

template <class Number>
Number number_of(std::string_view text) {
  Number number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

void add_server(std::vector<Command>& commands, const std::string& backend, const ProxyServer& server,
                const std::string& port) {
  const std::string name = backend + "/" + name_in_proxy(server);
  commands.push_back({"add server " + name + " " + server.address + ":" + port,
                      {"New server registered", "Already exists a server", no_backend}});
  commands.push_back(
      {"set server " + name + " addr " + server.address + " port " + port,
       {"nothing changed", "no need to change", "IP changed from", "port changed from", no_server, no_backend}});
  commands.push_back({"set server " + name + " weight " + std::to_string(server.weight), {no_server, no_backend}});
  commands.push_back({"set server " + name + " state ready", {no_server, no_backend}});
}

std::size_t column(const std::vector<std::string>& names, std::string_view name) {
  return static_cast<std::size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

Result<void> other_columns() {
  return fail(Error::Kind::protocol, "HAProxy's statistics have other columns than expected");
}

/// The fields of each line, from the header on, which begins with the names of back end and server.
Result<std::vector<std::vector<std::string>>> rows_of(std::string_view show_stat) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& line : split(show_stat, '\n')) {
    const bool header = line.starts_with("# ");
    if (rows.empty() && !header) continue;
    rows.push_back(split(std::string_view(line).substr(header ? 2 : 0), ','));
  }
  if (rows.empty()) return fail(Error::Kind::protocol, "HAProxy's statistics have no header");
  const auto& names = rows.front();
  if (names.size() < 2 || names[0] != "pxname" || names[1] != "svname") return fail(other_columns().error());
  return rows;
}

}  // namespace

std::vector<std::int64_t> Workers::all() const {
  std::vector<std::int64_t> pids = old;
  if (current != 0) pids.insert(pids.begin(), current);
  return pids;
}

Workers parse_workers(std::string_view show_proc) {
  Workers workers;
  bool current = false;
  bool old = false;
  for (const std::string& line : split(show_proc, '\n')) {
    if (line.starts_with('#')) {
      current = line.starts_with("# workers");
      old = line.starts_with("# old workers");
      continue;
    }
    const auto pid = number_of<std::int64_t>(line);
    if (pid <= 0) continue;
    if (current) workers.current = pid;
    if (old) workers.old.push_back(pid);
  }
  return workers;
}

std::vector<Command> commands_for(const std::string& application, const ProxyTable::Services& services) {
  std::vector<Command> commands;
  for (const ProxyService& service : services) {
    for (const std::string& backend :
         {backend_name(application, service.service), tunnel_backend_name(application, service.service)}) {
      // New ones first: an old worker must never have none.
      for (const ProxyServer& server : service.servers) {
        if (!server.draining) add_server(commands, backend, server, std::to_string(port_of(service, server)));
      }
      for (const ProxyServer& server : service.servers) {
        if (!server.draining) continue;
        commands.push_back(
            {"set server " + backend + "/" + name_in_proxy(server) + " state drain", {no_server, no_backend}});
      }
    }
  }
  return commands;
}

Result<std::vector<Command>> removals(std::string_view show_stat, const std::string& application,
                                      const ProxyTable::Services& services) {
  std::set<std::string> known;
  for (const ProxyService& service : services) {
    for (const ProxyServer& server : service.servers) {
      known.insert(backend_name(application, service.service) + "/" + name_in_proxy(server));
      known.insert(tunnel_backend_name(application, service.service) + "/" + name_in_proxy(server));
    }
  }
  const auto rows = rows_of(show_stat);
  if (!rows) return fail(rows.error());
  std::vector<Command> commands;
  for (std::size_t i = 1; i < rows->size(); ++i) {
    const auto& fields = (*rows)[i];
    if (fields.size() < 2 || !fields[0].starts_with(application + ":")) continue;
    const std::string name = fields[0] + "/" + fields[1];
    if (known.contains(name)) continue;
    commands.push_back({"set server " + name + " state maint", {no_server, no_backend}});
    commands.push_back({"del server " + name, {"Server deleted", no_server, no_backend, "Server still has"}});
  }
  return commands;
}

bool is_gone(std::string_view answer) {
  return answer.starts_with("Can't find the target");
}

bool is_success(const Command& command, std::string_view answer) {
  answer = trimmed(answer);
  return answer.empty() || std::any_of(command.harmless.begin(), command.harmless.end(),
                                       [&](std::string_view one) { return answer.starts_with(one); });
}

Result<void> add_in_flight(std::string_view show_stat, const std::string& application,
                           const std::vector<std::string>& servers, InFlight& sum) {
  const auto rows = rows_of(show_stat);
  if (!rows) return fail(rows.error());
  const auto& names = rows->front();
  const std::size_t sessions = column(names, "scur");
  const std::size_t queued = column(names, "qcur");
  if (sessions == names.size() || queued == names.size()) return other_columns();
  for (std::size_t i = 1; i < rows->size(); ++i) {
    const auto& fields = (*rows)[i];
    if (fields.size() <= std::max(sessions, queued) || !fields[0].starts_with(application + ":")) continue;
    if (std::find(servers.begin(), servers.end(), fields[1]) == servers.end()) continue;
    const auto open = number_of<std::size_t>(fields[sessions]) + number_of<std::size_t>(fields[queued]);
    (fields[0].ends_with(":tunnels") && std::count(fields[0].begin(), fields[0].end(), ':') == 2 ? sum.tunnels
                                                                                                 : sum.requests) +=
        open;
  }
  return {};
}

}  // namespace slipway::rollouts::haproxy
