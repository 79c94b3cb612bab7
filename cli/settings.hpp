#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/result.hpp"
#include "base/secret.hpp"

namespace slipway::cli {

/// One daemon this user works with, by name.
struct Context {
  std::string url;  ///< http(s)://host:port, no trailing slash
  Secret token;
  std::string ca_file;  ///< PEM of the CA behind an https URL, an absolute path in settings; empty: the system's
};

/// `$XDG_CONFIG_HOME/slipway/config.json`: named contexts and which of them is used. Readable by its owner only.
struct Settings {
  std::string current;
  std::map<std::string, Context> contexts;
};

std::filesystem::path settings_path();
/// A missing file is empty settings; a broken one is Kind::invalid and names the path.
Result<Settings> load_settings(const std::filesystem::path& path);
Result<void> save_settings(const std::filesystem::path& path, const Settings& settings);

/// What the command line gave; empty: not given.
struct Flags {
  std::string url, token, context, project;
};

/// A token that somebody gave, without line breaks at its end: files and `$(…)` with `\n` bring them. Another control
/// character in it is Kind::invalid; `where` says in the message where it came from.
Result<Secret> token_of(const std::string& text, const std::string& where);

/// What holds for this command: flag, else environment (SLIPWAY_URL, SLIPWAY_TOKEN, SLIPWAY_CONTEXT, SLIPWAY_CA), else
/// the chosen context, else http://127.0.0.1:8080 without a token.
Result<Context> resolve(const Flags& flags, const Settings& settings);

/// The project: flag, else SLIPWAY_PROJECT, else the line `project: NAME` of `.slipway` in this folder or one above;
/// empty: none is named. A line of that file which is none, such as a misspelt one, is Kind::invalid: it would mean all
/// projects.
Result<std::string> resolve_project(const Flags& flags);

}  // namespace slipway::cli
