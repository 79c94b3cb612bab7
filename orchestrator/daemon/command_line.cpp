#include "orchestrator/daemon/command_line.hpp"

#include <algorithm>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/files.hpp"

namespace slipway::daemon {
namespace {

/// A setting that a flag and an environment variable have, too.
struct Flag {
  const char* name;
  const char* about;
  std::string value = {};
};

std::string variable_of(const std::string& flag) {
  std::string name = "SLIPWAY_" + flag;
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return c == '-' ? '_' : static_cast<char>(std::toupper(c)); });
  const char* value = std::getenv(name.c_str());
  return value ? value : "";
}

Result<void> read_file_into(Settings& settings, const std::string& path) {
  if (path.empty()) return {};
  Result<std::string> text = read_file(path, 1 << 20);
  if (!text) return fail(text.error().in("settings"));
  return read_settings(settings, *text, path);
}

Result<void> apply_flags(Settings& settings, const std::vector<Flag>& flags) {
  for (const Flag& flag : flags) {
    const std::string value = flag.value.empty() ? variable_of(flag.name) : flag.value;
    if (value.empty()) continue;
    if (Result<void> applied = apply_setting(settings, flag.name, value); !applied) return applied;
  }
  return {};
}

}  // namespace

Result<CommandLine> read_command_line(int argc, char** argv) {
  CommandLine line;
  std::string config;
  bool check = false;
  std::vector<Flag> flags = {
      {"listen", "ADDRESS:PORT of the HTTP API"},
      {"public-url", "how people and forges reach this daemon"},
      {"data", "data folder"},
      {"engine", "the Docker Engine for builds and steps: unix:// or ssh://; with TLS: `engine` in the file"},
      {"log-level", "debug, info, warn or error"}};
  CLI::App app("The slipway daemon: builds, tests, pushes and rolls out containers.", "slipwayd");
  app.add_option("--config", config, "settings file (else SLIPWAY_CONFIG); see docs/daemon.md");
  app.add_flag("--check-config", check, "say whether the settings are good, and exit");
  for (Flag& flag : flags) app.add_option(fmt::format("--{}", flag.name), flag.value, flag.about);
  app.set_version_flag("--version", "slipwayd " SLIPWAY_VERSION);
  CLI::App* health = app.add_subcommand("healthcheck", "exit 0 if the daemon at `listen` is ready");
  health->fallthrough();
  CLI::App* restore = app.add_subcommand("restore", "put a backup into the data folder, while no slipwayd uses it");
  restore->fallthrough();
  restore
      ->add_option("FILE", line.backup, "what 'slipway admin backup' wrote, or the slipway.db.vN that an upgrade kept")
      ->required();
  restore->add_flag("--force", line.force, "also over a database that is there; it is kept in a folder beside");
  CLI::App* token = app.add_subcommand("token", "make an admin's token and print it; slipwayd may be running");
  token->fallthrough();
  token->add_option("NAME", line.token_name, "what it is called in 'slipway token list' (else admin- and the time)");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (app.exit(error) != 0) return fail(Error::Kind::invalid, "see slipwayd --help");
    line.task = CommandLine::Task::nothing_left;
    return line;
  }
  if (Result<void> read = read_file_into(line.settings, config.empty() ? variable_of("config") : config); !read)
    return fail(read.error());
  if (Result<void> applied = apply_flags(line.settings, flags); !applied) return fail(applied.error());
  if (Result<void> good = check_settings(line.settings); !good) return fail(good.error());
  complete_settings(line.settings);
  if (check) line.task = CommandLine::Task::check_settings;
  if (restore->parsed()) line.task = CommandLine::Task::restore;
  if (token->parsed()) line.task = CommandLine::Task::make_token;
  if (health->parsed()) line.task = CommandLine::Task::check_health;
  return line;
}

}  // namespace slipway::daemon
