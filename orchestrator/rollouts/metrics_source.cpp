#include "orchestrator/rollouts/metrics_source.hpp"

#include <functional>

#include "base/files.hpp"
#include "base/http_client.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::chrono::seconds time_limit{5};
constexpr std::size_t largest_answer = 1 << 20;

/// A file's first line.
Result<std::string> secret_in(const std::string& file) {
  auto text = read_file(file);
  if (!text) return text;
  return text->substr(0, text->find_first_of("\r\n"));
}

Result<HttpRequest> query_by(const MetricsSource& source, const std::string& text) {
  HttpRequest request("POST", source.url + "/api/v1/query");
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body = "query=" + percent_encode(text);
  request.username = source.username;
  if (!source.password_file.empty()) {
    auto password = secret_in(source.password_file);
    if (!password) return fail(password.error());
    request.password = Secret(std::move(*password));
  }
  if (!source.token_file.empty()) {
    auto token = secret_in(source.token_file);
    if (!token) return fail(token.error());
    request.bearer = Secret(std::move(*token));
  }
  request.ca_file = source.ca;
  request.connect_timeout = request.timeout = time_limit;
  request.follow_redirects = false;
  request.body_limit = largest_answer;
  return request;
}

}  // namespace

awaitable<Result<std::vector<MetricSample>>> ask_metrics(Pool& pool, MetricsSource source, std::string text) {
  if (Result<void> ready = pool.start(); !ready) co_return fail(ready.error());
  // It reads files, perhaps from a disk that is far away.
  auto reading = [&source, &text] { return query_by(source, text); };
  std::function<void()> left = [] {};
  Result<HttpRequest> request = co_await pool.run(std::move(reading), std::move(left));
  if (!request) co_return fail(request.error());
  const Result<HttpResponse> answer = co_await send_http(pool, std::move(*request));
  if (!answer) co_return fail(answer.error());
  // Prometheus says what is wrong with a query in the body of a 4xx.
  if (answer->ok() || (answer->status >= 400 && answer->body.starts_with('{')))
    co_return parse_instant_query(answer->body);
  co_return fail(Error::Kind::failed, "the source of metrics answers with status " + std::to_string(answer->status));
}

}  // namespace slipway::rollouts
