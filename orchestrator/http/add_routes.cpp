#include "orchestrator/http/backend.hpp"

namespace slipway::http {

void add_routes(Router& router, Backend& backend) {
  add_daemon_routes(router, backend);
  add_run_routes(router, backend);
  add_event_routes(router, backend);
  add_log_routes(router, backend);
  add_project_routes(router, backend);
  add_delivery_routes(router, backend);
  add_hook_routes(router, backend);
  add_app_routes(router, backend);
  add_token_routes(router, backend);
  add_admin_routes(router, backend);
}

}  // namespace slipway::http
