#include "cli/app_hosts.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace slipway::cli {
namespace {

std::string short_digest(const std::string& digest) {
  const auto at = digest.find("sha256:");
  return at == std::string::npos ? digest : digest.substr(at + 7, 12);
}

/// What is told of a container; of the host if it is told of none.
std::string drift_of(const Json& host, const std::string& container) {
  std::string words;
  for (const Json& drift : value_at(host, "drift")) {
    if (text_at(drift, "container") != container) continue;
    words += (words.empty() ? "" : "; ") + text_at(drift, "what");
  }
  return words;
}

bool shows(const Json& host, const std::string& container) {
  const Json& containers = value_at(host, "containers");
  return std::any_of(containers.begin(), containers.end(),
                     [&](const Json& one) { return text_at(one, "name") == container; });
}

std::string condition_of(const Json& container) {
  const std::string running = text_at(container, "state");
  const std::string health = text_at(container, "health");
  return health.empty() || health == "none" ? running : running + ", " + health;
}

void add_host(Table& table, const Json& host, const Json& images) {
  const std::string name = text_at(host, "host");
  const std::string state = text_at(host, "state");
  const std::string generation = number_text(host, "generation");
  const std::string since = time_ago(text_at(host, "drifted_since"));
  const std::vector<Style> styles{Style::strong, state == "ok" ? Style::good : Style::bad};
  bool told = false;
  const auto add = [&](const std::string& service, const std::string& wanted, const std::string& digest,
                       const std::string& condition, std::string why) {
    if (!told && !since.empty()) why += (why.empty() ? "" : ", ") + ("seen " + since);
    told = true;
    table.add({name, state, service, generation, short_digest(wanted), short_digest(digest), condition, why}, styles);
  };
  for (const Json& container : value_at(host, "containers")) {
    std::string why = drift_of(host, text_at(container, "name"));
    if (why.empty() && state == "unhealthy") why = text_at(host, "reason");
    add(text_at(container, "service"), text_at(container, "wanted"), text_at(container, "digest"),
        condition_of(container), why);
  }
  for (const Json& drift : value_at(host, "drift")) {
    if (shows(host, text_at(drift, "container"))) continue;
    const std::string service = text_at(drift, "service");
    add(service, text_at(images, service), "", text_at(drift, "kind"), text_at(drift, "what"));
  }
  if (!told) add("", "", "", "", text_at(host, "reason"));
}

/// What an approval would approve is shown with it.
void print_waiting(const Json& waiting) {
  const std::string reason = text_at(waiting, "reason");
  fmt::print("rollout {}: generation {} ({}, asked for by {}) {}\n", number_at(waiting, "rollout"),
             number_at(waiting, "generation"), harmless(text_at(waiting, "kind")),
             harmless(text_at(waiting, "asked_by")), reason.empty() ? "waits for its turn" : harmless(reason));
  for (const auto& [service, image] : value_at(waiting, "images").items()) {
    if (image.is_string()) fmt::print("  {}: {}\n", harmless(service), harmless(image.get<std::string>()));
  }
}

}  // namespace

Result<void> print_app_status(const Json& app, const OutputOptions& output) {
  if (output.json) return print_json(app, output);
  fmt::print("{}  generation {}, {}\n", styled(Style::strong, text_at(app, "name")),
             (number_at(app, "generation") ? number_text(app, "generation") : "none"),
             styled(style_of(text_at(app, "rollout_state")), text_at(app, "rollout_state")));
  for (const auto& [service, image] : value_at(app, "images").items()) {
    if (image.is_string()) fmt::print("  {}: {}\n", harmless(service), harmless(image.get<std::string>()));
  }
  for (const Json& waiting : value_at(app, "waiting")) print_waiting(waiting);
  Table table({"HOST", "STATE", "SERVICE", "GENERATION", "WANTED", "DIGEST", "CONTAINER", "WHY"});
  for (const Json& host : value_at(app, "hosts")) add_host(table, host, value_at(app, "images"));
  if (!table.empty()) fmt::print("{}", table.render(stdout_is_terminal()));
  return {};
}

bool has_drift(const Json& app) {
  const Json& hosts = value_at(app, "hosts");
  return std::any_of(hosts.begin(), hosts.end(), [](const Json& host) { return !value_at(host, "drift").empty(); });
}

}  // namespace slipway::cli
