#pragma once
#include <map>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "orchestrator/http/actions.hpp"
#include "orchestrator/http/router.hpp"
#include "orchestrator/logs/reader.hpp"
#include "orchestrator/store/store.hpp"
#include "orchestrator/triggers/receiver.hpp"

namespace slipway::http {

class Server;

/// What the handlers work with; borrowed from the daemon, which keeps it all alive longer than the server.
struct Backend {
  Backend(store::Store& s, Actions& a, logs::LogReader& l, triggers::Receiver& r)
      : store(s), actions(a), logs(l), receiver(r) {}
  store::Store& store;
  Actions& actions;
  logs::LogReader& logs;
  triggers::Receiver& receiver;
  std::string public_url;          ///< "https://ci.example", no slash at its end; for the projects' hook URLs
  std::string version;             ///< of the daemon
  const Server* server = nullptr;  ///< for its figures at /metrics; set once it exists
  /// How the logs of builds, of attempts at a push or a deployment, and of the errors of a pipeline file are called;
  /// unset: there are none.
  std::string (*build_log)(std::string_view image) = nullptr;
  std::string (*work_log)(std::string_view job, int attempt) = nullptr;
  std::string (*plan_log)() = nullptr;
  /// The names of the steps and services of each job of a plan (store::Run::plan); unset: they are not told.
  std::map<std::string, std::vector<std::string>> (*planned_steps)(const std::string& plan) = nullptr;
};

/// Everything the daemon answers, as openapi.json describes it. Borrows the backend.
void add_routes(Router& router, Backend& backend);

void add_daemon_routes(Router& router, Backend& backend);
void add_run_routes(Router& router, Backend& backend);
void add_event_routes(Router& router, Backend& backend);
void add_log_routes(Router& router, Backend& backend);
void add_project_routes(Router& router, Backend& backend);
void add_delivery_routes(Router& router, Backend& backend);
void add_hook_routes(Router& router, Backend& backend);
void add_app_routes(Router& router, Backend& backend);
void add_token_routes(Router& router, Backend& backend);
void add_admin_routes(Router& router, Backend& backend);

/// The OpenAPI description, compiled in.
std::string_view openapi();

}  // namespace slipway::http
