#include <cstdio>

#include <fmt/format.h>

#include "base/http_client.hpp"
#include "orchestrator/daemon/admin_token.hpp"
#include "orchestrator/daemon/command_line.hpp"
#include "orchestrator/daemon/daemon.hpp"
#include "orchestrator/daemon/restore.hpp"

namespace {

using namespace slipway;

int complain(const Error& error) {
  fmt::print(stderr, "slipwayd: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "          {}\n", error.hint);
  return error.kind == Error::Kind::invalid ? 2 : 1;
}

/// The daemon that listens where the settings say.
int check_health(const daemon::Settings& settings) {
  HttpRequest request("GET", settings.local_url() + "/readyz");
  request.timeout = std::chrono::seconds(3);
  const Result<HttpResponse> response = send_http(request);
  if (!response) return complain(response.error());
  if (response->ok()) return 0;
  fmt::print(stderr, "slipwayd: not ready: {}\n", response->body);
  return 1;
}

int restore(const daemon::CommandLine& line) {
  const std::filesystem::path& folder = line.settings.data;
  const Result<daemon::Restored> restored = daemon::restore_backup(line.backup, folder, line.force);
  if (!restored) return complain(restored.error());
  fmt::print("restored the backup of {} into {}\n", restored->made_at, folder.string());
  if (!restored->before.empty()) fmt::print("what was there before is in {}\n", restored->before.string());
  if (!restored->has_key) {
    fmt::print("put the key file that belongs to it at {} before slipwayd starts: without it, secrets are lost\n",
               (folder / "key").string());
  }
  return 0;
}

/// The token goes to standard output alone, so that a script can take it.
int make_token(const daemon::CommandLine& line) {
  const Result<auth::NewToken> made = daemon::make_admin_token(line.settings.data, line.token_name, SystemClock());
  if (!made) return complain(made.error());
  fmt::print("{}\n", made->token.reveal());
  fmt::print(stderr, "an admin's token, shown this once; log in with it: slipway login --url {}\n",
             line.settings.public_url);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  using Task = daemon::CommandLine::Task;
  const Result<daemon::CommandLine> line = daemon::read_command_line(argc, argv);
  if (!line) return complain(line.error());
  switch (line->task) {
    case Task::nothing_left:
      return 0;
    case Task::check_settings:
      fmt::print("the settings are good\n");
      return 0;
    case Task::check_health:
      return check_health(line->settings);
    case Task::restore:
      return restore(*line);
    case Task::make_token:
      return make_token(*line);
    case Task::serve:
      break;
  }
  log::set_level(line->settings.log_level);
  const Result<void> served = daemon::serve(line->settings);
  return served ? 0 : complain(served.error());
}
