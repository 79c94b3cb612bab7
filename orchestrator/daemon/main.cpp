#include <cstdio>

#include <fmt/format.h>

#include "base/http_client.hpp"
#include "orchestrator/daemon/command_line.hpp"
#include "orchestrator/daemon/daemon.hpp"

namespace {

using namespace slipway;

int complain(const Error& error) {
  fmt::print(stderr, "slipwayd: {}\n", error.message);
  if (!error.hint.empty()) fmt::print(stderr, "          {}\n", error.hint);
  return error.kind == Error::Kind::invalid ? 2 : 1;
}

/// The daemon that listens where the settings say: 0.0.0.0 is asked on loopback.
int check_health(const daemon::Settings& settings) {
  const std::string address =
      settings.address() == "0.0.0.0" || settings.address() == "[::]" ? "127.0.0.1" : settings.address();
  HttpRequest request("GET", fmt::format("http://{}:{}/readyz", address, settings.port()));
  request.timeout = std::chrono::seconds(3);
  const Result<HttpResponse> response = send_http(request);
  if (!response) return complain(response.error());
  if (response->ok()) return 0;
  fmt::print(stderr, "slipwayd: not ready: {}\n", response->body);
  return 1;
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
    case Task::serve:
      break;
  }
  log::set_level(line->settings.log_level);
  const Result<void> served = daemon::serve(line->settings);
  return served ? 0 : complain(served.error());
}
