#include "orchestrator/http/traffic.hpp"

#include <cstdio>

namespace slipway::http {
namespace {

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.10g", value);
  return text;
}

std::string labels(const std::pair<std::string, std::string>& key) {
  return "method=\"" + key.first + "\",route=\"" + key.second + "\"";
}

void head(std::string& out, const std::string& name, const char* type, const char* help) {
  out += "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

}  // namespace

void Traffic::answered(const std::string& method, const std::string& route, int status, Duration time) {
  // A method no route takes is whatever the client made up.
  Series& series =
      series_[route.empty() ? std::pair<std::string, std::string>("other", "none") : std::pair(method, route)];
  const double seconds = std::chrono::duration<double>(time).count();
  ++series.by_status[status];
  ++series.count;
  series.seconds += seconds;
  for (std::size_t i = 0; i < bounds.size(); ++i) {
    if (seconds > bounds[i]) continue;
    ++series.buckets[i];
    break;
  }
}

std::string Traffic::text(const Held& held) const {
  std::string out;
  head(out, "slipway_http_requests_total", "counter", "Requests answered.");
  for (const auto& [key, series] : series_) {
    for (const auto& [status, count] : series.by_status) {
      out += "slipway_http_requests_total{" + labels(key) + ",status=\"" + std::to_string(status) + "\"} " +
             std::to_string(count) + "\n";
    }
  }
  head(out, "slipway_http_request_duration_seconds", "histogram", "From the end of a request's head to its answer.");
  for (const auto& [key, series] : series_) {
    const std::string name = "slipway_http_request_duration_seconds";
    std::uint64_t below = 0;
    for (std::size_t i = 0; i < bounds.size(); ++i) {
      below += series.buckets[i];
      out += name + "_bucket{" + labels(key) + ",le=\"" + number(bounds[i]) + "\"} " + std::to_string(below) + "\n";
    }
    out += name + "_bucket{" + labels(key) + ",le=\"+Inf\"} " + std::to_string(series.count) + "\n";
    out += name + "_sum{" + labels(key) + "} " + number(series.seconds) + "\n";
    out += name + "_count{" + labels(key) + "} " + std::to_string(series.count) + "\n";
  }
  head(out, "slipway_http_connections", "gauge", "Open connections.");
  out += "slipway_http_connections " + std::to_string(held.connections) + "\n";
  head(out, "slipway_http_streams", "gauge", "Open event streams.");
  out += "slipway_http_streams " + std::to_string(held.streams) + "\n";
  head(out, "slipway_http_body_bytes", "gauge", "Bytes of request bodies held.");
  out += "slipway_http_body_bytes " + std::to_string(held.body_bytes) + "\n";
  head(out, "slipway_http_connections_refused_total", "counter",
       "Connections turned away because there were too many.");
  out += "slipway_http_connections_refused_total " + std::to_string(refused_connections_) + "\n";
  head(out, "slipway_http_slow_readers_total", "counter", "Clients dropped because they did not read.");
  out += "slipway_http_slow_readers_total " + std::to_string(slow_readers_) + "\n";
  return out;
}

}  // namespace slipway::http
