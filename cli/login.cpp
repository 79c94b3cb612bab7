#include <filesystem>
#include <iostream>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <termios.h>
#include <unistd.h>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

/// Switches the terminal's echo off as long as it lives.
class NoEcho {
 public:
  NoEcho() : active_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  NoEcho(const NoEcho&) = delete;
  ~NoEcho() {
    if (active_) ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  }

 private:
  termios before_{};
  bool active_;
};

Result<Secret> ask_token(const Session& session) {
  if (!session.flags.token.empty()) return token_of(session.flags.token, "--token");
  std::string token;
  if (::isatty(STDIN_FILENO) == 1) {
    fmt::print(stderr, "API token: ");
    const NoEcho quiet;
    std::getline(std::cin, token);
    fmt::print(stderr, "\n");
  } else {
    std::getline(std::cin, token);
  }
  if (token.empty())
    return fail(Error::Kind::invalid, "no token given",
                "the daemon shows the first one in its log; give it on standard input");
  return token_of(token, "the token");
}

Result<Exit> login(Session& session, const std::string& name, const std::string& ca_file) {
  const auto path = settings_path();
  Result<Settings> settings = load_settings(path);
  if (!settings) return fail(settings.error());
  Result<Secret> token = ask_token(session);
  if (!token) return fail(token.error());
  Flags address_only = session.flags;
  address_only.context.clear();
  Result<Context> context = resolve(address_only, Settings{});
  if (!context) return fail(context.error());
  context->token = *token;
  if (!ca_file.empty()) context->ca_file = ca_file;
  // Kept for commands in other folders.
  if (!context->ca_file.empty()) context->ca_file = std::filesystem::absolute(context->ca_file).lexically_normal();
  const Result<Json> who = Api(*context).get("/api/v1/whoami");
  if (!who) return fail(who.error().in("log in at " + context->url));
  settings->contexts[name] = *context;
  settings->current = name;
  if (Result<void> saved = save_settings(path, *settings); !saved) return fail(saved.error());
  tell(session, fmt::format("logged in at {} as '{}' ({}); context '{}'", context->url, text_at(*who, "name"),
                            text_at(*who, "role"), name));
  return Exit::ok;
}

}  // namespace

void add_login(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("login", "keep the address and token of a daemon (token on standard input)");
  auto name = std::make_shared<std::string>("default");
  auto ca = std::make_shared<std::string>();
  verb->add_option("--name", *name, "what to call this context")->capture_default_str();
  verb->add_option("--ca", *ca, "PEM of the CA that signed the daemon's certificate")->check(CLI::ExistingFile);
  verb->callback([&session, name, ca] { session.finish(login(session, *name, *ca)); });
}

}  // namespace slipway::cli
