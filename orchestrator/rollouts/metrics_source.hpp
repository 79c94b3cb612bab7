#pragma once
#include <map>
#include <string>

#include "base/async.hpp"
#include "orchestrator/rollouts/metric_alarm.hpp"

namespace slipway::rollouts {

/// A server with Prometheus's HTTP API, as the daemon's settings have it.
struct MetricsSource {
  std::string url;            ///< http or https; "/api/v1/query" is put behind it
  std::string username;       ///< with `password_file`: basic authentication
  std::string password_file;  ///< read at each query, so that it can be rotated
  std::string token_file;     ///< a bearer token, likewise
  std::string ca;             ///< PEM; empty: the system's
};
using MetricsSources = std::map<std::string, MetricsSource>;

/// An instant query at the server's present. Follows no redirects, reads at most 1 MiB, and takes at most 5 s.
/// Cancelling ends it within a second.
awaitable<Result<std::vector<MetricSample>>> ask_metrics(Pool& pool, MetricsSource source, std::string query);

}  // namespace slipway::rollouts
