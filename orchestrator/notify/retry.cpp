#include "orchestrator/notify/retry.hpp"

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace slipway::notify {
namespace {

constexpr Milliseconds longest = std::chrono::hours(1);
/// docs.github.com, "Best practices for using the REST API": without a header that says when, a minute at least.
constexpr Milliseconds unsaid_limit = std::chrono::minutes(1);

std::optional<std::int64_t> whole(const std::string& text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || *end != '\0' || value < 0) return std::nullopt;
  return value;
}

/// Retry-After in seconds, or the time at which GitHub's rate limit is reset. A Retry-After date is not read: the
/// forges send seconds.
std::optional<Milliseconds> pause_asked(const HttpResponse& answer, Time now) {
  if (const auto seconds = whole(answer.header("retry-after"))) {
    return std::chrono::seconds(std::min<std::int64_t>(*seconds, 3600));
  }
  if (answer.header("x-ratelimit-remaining") != "0") return std::nullopt;
  const auto reset = whole(answer.header("x-ratelimit-reset"));
  if (!reset || *reset > 100'000'000'000) return std::nullopt;
  return std::clamp(Time(std::chrono::seconds(*reset)) - now, Milliseconds(0), longest);
}

/// GitHub's secondary rate limit may come as a 403 or a 429 that says so in its body alone.
bool says_rate_limit(const HttpResponse& answer) {
  return (answer.status == 403 || answer.status == 429) &&
         lower_case(answer.body).find("rate limit") != std::string::npos;
}

/// One line of what the forge said, for people.
std::string excerpt(const std::string& body) {
  std::string line = body.substr(0, 200);
  std::replace_if(line.begin(), line.end(), [](unsigned char c) { return c < ' ' || c >= 0x7f; }, ' ');
  return line;
}

}  // namespace

Judgement judge(const Result<HttpResponse>& answer, Time now) {
  if (!answer) {
    const bool hopeless = answer.error().kind == Error::Kind::invalid;
    return {hopeless ? Judgement::Kind::give_up : Judgement::Kind::again, answer.error().message, std::nullopt};
  }
  if (answer->ok()) return {};
  if (answer->status == 400 && answer->body.find("Cannot transition status") != std::string::npos) return {};
  Judgement verdict;
  verdict.reason = "the forge answered " + std::to_string(answer->status);
  if (!answer->body.empty()) verdict.reason += ": " + excerpt(answer->body);
  verdict.after = pause_asked(*answer, now);
  if (!verdict.after && says_rate_limit(*answer)) verdict.after = unsaid_limit;
  const int status = answer->status;
  const bool limited = status == 403 && verdict.after;
  const bool passing = status == 408 || status == 425 || status == 429 || status >= 500 || limited;
  verdict.kind = passing ? Judgement::Kind::again : Judgement::Kind::give_up;
  return verdict;
}

Milliseconds backoff(std::int64_t attempts, std::optional<Milliseconds> asked, double random) {
  const auto doublings = std::clamp<std::int64_t>(attempts - 1, 0, 10);
  const Milliseconds full = std::min(longest, Milliseconds(5000) * (std::int64_t{1} << doublings));
  const Milliseconds jittered(static_cast<std::int64_t>(static_cast<double>(full.count()) * (0.5 + random / 2)));
  return std::max(jittered, std::min(longest, asked.value_or(Milliseconds(0))));
}

}  // namespace slipway::notify
