#include <algorithm>

#include "orchestrator/rollouts/compose/service_parts.hpp"

namespace slipway::rollouts {
namespace {

void decode_restart(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("restart");
  if (node == nullptr) return;
  const auto text = pipelines::read_text(*node, "`restart`", diagnostics);
  if (!text) return;
  const auto colon = text->find(':');
  service.restart.name = text->substr(0, colon);
  service.restart.given = true;
  static const std::vector<std::string> known{"no", "always", "unless-stopped", "on-failure"};
  bool fits = std::find(known.begin(), known.end(), service.restart.name) != known.end();
  if (colon != std::string::npos) {
    const auto times = parse_port(text->substr(colon + 1));
    fits = service.restart.name == "on-failure" && times.has_value();
    service.restart.max_attempts = times.value_or(0);
  }
  if (!fits) {
    diagnostics.error(node->at, "a restart policy that the Engine does not have", *text,
                      "use \"no\", always, unless-stopped, on-failure or on-failure:3");
  }
}

EnvFile read_env_file(const YamlNode& item, Diagnostics& diagnostics) {
  EnvFile file;
  if (!item.is_map()) {
    file.path = pipelines::read_text(item, "`env_file`", diagnostics).value_or("");
    return file;
  }
  MapReader map(item, "an item of `env_file`", diagnostics);
  if (const YamlNode* path = map.require("path", "path: web.env")) {
    file.path = pipelines::read_text(*path, "`path`", diagnostics).value_or("");
  }
  take_flag(map, "required", file.required, diagnostics);
  if (const YamlNode* format = map.find("format")) {
    file.raw = pipelines::read_choice(*format, "`format`", {"raw"}, diagnostics).has_value();
  }
  map.finish();
  return file;
}

void decode_env_files(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("env_file");
  if (node == nullptr) return;
  if (!node->is_list()) {
    service.env_files.push_back(read_env_file(*node, diagnostics));
    return;
  }
  for (const YamlNode& item : node->items) service.env_files.push_back(read_env_file(item, diagnostics));
}

bool is_signal(const std::string& text) {
  return !text.empty() && text.size() <= 20 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' || c == '-';
  });
}

}  // namespace

void decode_process(MapReader& map, Service& service, Diagnostics& diagnostics) {
  take_command(map, "command", service.command, diagnostics);
  take_command(map, "entrypoint", service.entrypoint, diagnostics);
  take_pairs(map, "environment", service.environment,
             "write NAME: value; nothing is taken from the daemon's own environment", diagnostics);
  decode_env_files(map, service, diagnostics);
  take_text(map, "user", service.user, diagnostics);
  take_texts(map, "group_add", service.group_add, diagnostics);
  take_text(map, "working_dir", service.working_dir, diagnostics);
  take_text(map, "hostname", service.hostname, diagnostics);
  take_text(map, "domainname", service.domainname, diagnostics);
  take_flag(map, "tty", service.tty, diagnostics);
  take_flag(map, "stdin_open", service.stdin_open, diagnostics);
  take_text(map, "stop_signal", service.stop_signal, diagnostics);
  if (!service.stop_signal.empty() && !is_signal(service.stop_signal)) {
    diagnostics.error(map.at("stop_signal"), "that is no name of a signal", service.stop_signal, "write SIGTERM");
  }
  take_duration(map, "stop_grace_period", service.stop_grace_period, diagnostics);
  if (const YamlNode* init = map.find("init")) {
    service.init = pipelines::read_boolean(*init, "`init`", diagnostics);
  }
  decode_restart(map, service, diagnostics);
}

void decode_health(MapReader& map, Service& service, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("healthcheck");
  if (node == nullptr) return;
  Healthcheck check;
  MapReader health(*node, "`healthcheck`", diagnostics);
  take_flag(health, "disable", check.disabled, diagnostics);
  if (const YamlNode* test = health.find("test"); test != nullptr && test->is_list()) {
    for (Placed& word : pipelines::read_texts(*test, "`test`", 100, diagnostics)) check.test.push_back(word.text);
    const std::string kind = check.test.empty() ? std::string() : check.test.front();
    if (kind == "NONE") check.disabled = true;
    if (kind != "NONE" && kind != "CMD" && kind != "CMD-SHELL") {
      diagnostics.error(test->at, "a list in `test` begins with CMD, CMD-SHELL or NONE", kind,
                        "write [CMD, program, argument]");
    }
  } else if (test != nullptr) {
    if (auto text = pipelines::read_text(*test, "`test`", diagnostics)) check.test = {"CMD-SHELL", std::move(*text)};
  }
  take_duration(health, "interval", check.interval, diagnostics);
  take_duration(health, "timeout", check.timeout, diagnostics);
  take_duration(health, "start_period", check.start_period, diagnostics);
  std::int64_t retries = 0;
  take_integer(health, "retries", 1, 1000, retries, diagnostics);
  check.retries = static_cast<int>(retries);
  health.later("start_interval");
  health.finish();
  service.healthcheck = std::move(check);
}

}  // namespace slipway::rollouts
