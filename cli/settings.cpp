#include "cli/settings.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "cli/standard_input.hpp"
#include "pipelines/diagnostic.hpp"

namespace slipway::cli {
namespace {

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

std::string first_of(std::initializer_list<std::string> choices) {
  for (const std::string& choice : choices) {
    if (!choice.empty()) return choice;
  }
  return {};
}

std::string_view trimmed(std::string_view text) {
  constexpr const char* blanks = " \t\r";
  const auto start = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(start);
  return text.substr(0, text.find_last_not_of(blanks) + 1);
}

/// The project that a file `.slipway` names; empty if it does not.
Result<std::string> project_in(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::string project;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    const std::string place = path.string() + ":" + std::to_string(++number) + ": ";
    const std::string_view text = trimmed(line);
    if (text.empty() || text.starts_with('#') || text == "---") continue;
    const auto colon = std::min(text.find(':'), text.size());
    const std::string key(trimmed(text.substr(0, colon)).substr(0, 80));
    if (key != "project") {
      return fail(Error::Kind::invalid, place + "unknown key '" + key + "'", pipelines::suggest(key, {"project"}));
    }
    const std::string_view name = trimmed(text.substr(std::min(colon + 1, text.size())));
    if (name.empty()) return fail(Error::Kind::invalid, place + "the project's name is missing", "project: NAME");
    if (project.empty()) project = name;
  }
  return project;
}

Result<std::string> project_of_folder() {
  std::error_code failed;
  for (auto folder = std::filesystem::current_path(failed); !failed; folder = folder.parent_path()) {
    Result<std::string> project = project_in(folder / ".slipway");
    if (!project || !project->empty() || folder == folder.root_path()) return project;
  }
  return std::string();
}

}  // namespace

std::filesystem::path settings_path() {
  const std::string base = variable("XDG_CONFIG_HOME");
  const std::filesystem::path root =
      base.empty() ? std::filesystem::path(variable("HOME")) / ".config" : std::filesystem::path(base);
  return root / "slipway" / "config.json";
}

Result<Settings> load_settings(const std::filesystem::path& path) {
  Result<std::string> text = read_file(path, 1 << 20);
  if (!text && text.error().kind == Error::Kind::not_found) return Settings{};
  if (!text) return fail(text.error());
  Result<Json> json = parse_json(*text);
  if (!json || !json->is_object()) {
    return fail(Error::Kind::invalid, path.string() + " is not valid JSON",
                "mend it, or remove it and run 'slipway login' again");
  }
  Settings settings;
  settings.current = text_at(*json, "current");
  const Json& contexts = value_at(*json, "contexts");
  for (auto entry = contexts.begin(); contexts.is_object() && entry != contexts.end(); ++entry) {
    settings.contexts[entry.key()] = {text_at(*entry, "url"), Secret(text_at(*entry, "token")), text_at(*entry, "ca")};
  }
  return settings;
}

Result<void> save_settings(const std::filesystem::path& path, const Settings& settings) {
  Json contexts = Json::object();
  for (const auto& [name, context] : settings.contexts) {
    contexts[name] = {{"url", context.url}, {"token", context.token.reveal()}, {"ca", context.ca_file}};
  }
  std::error_code failed;
  std::filesystem::create_directories(path.parent_path(), failed);
  if (failed) return fail(Error::Kind::forbidden, path.parent_path().string() + ": " + failed.message());
  return write_file(path, Json{{"current", settings.current}, {"contexts", contexts}}.dump(2) + "\n", 0600);
}

Result<Secret> token_of(const std::string& text, const std::string& where) {
  const std::string token = without_line_end(text);
  if (token.find_first_of("\r\n") != std::string::npos) {
    return fail(Error::Kind::invalid, where + " has a line break in it", "a token is one line, as slw_…");
  }
  const bool good = std::none_of(token.begin(), token.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!good) return fail(Error::Kind::invalid, where + " has a control character in it");
  return Secret(token);
}

Result<Context> resolve(const Flags& flags, const Settings& settings) {
  Context chosen;
  const std::string name = first_of({flags.context, variable("SLIPWAY_CONTEXT"), settings.current});
  if (const auto found = settings.contexts.find(name); found != settings.contexts.end()) {
    chosen = found->second;
  } else if (!flags.context.empty() || !variable("SLIPWAY_CONTEXT").empty()) {
    return fail(Error::Kind::invalid, "there is no context '" + name + "'",
                "'slipway login --name " + name + "' makes it");
  }
  const std::string url = first_of({flags.url, variable("SLIPWAY_URL")});
  // A token belongs to the daemon that gave it: another URL must not get it.
  if (!url.empty() && url != chosen.url) chosen = Context{url, {}, {}};
  if (chosen.url.empty()) chosen.url = "http://127.0.0.1:8080";
  const std::string token = first_of({flags.token, variable("SLIPWAY_TOKEN")});
  if (!token.empty()) {
    const Result<Secret> given = token_of(token, flags.token.empty() ? "SLIPWAY_TOKEN" : "--token");
    if (!given) return fail(given.error());
    chosen.token = *given;
  }
  const std::string ca = variable("SLIPWAY_CA");
  if (!ca.empty()) chosen.ca_file = ca;
  while (chosen.url.ends_with('/')) chosen.url.pop_back();
  return chosen;
}

Result<std::string> resolve_project(const Flags& flags) {
  std::string named = first_of({flags.project, variable("SLIPWAY_PROJECT")});
  return named.empty() ? project_of_folder() : named;
}

}  // namespace slipway::cli
