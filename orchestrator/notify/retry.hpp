#pragma once
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/http_client.hpp"

namespace slipway::notify {

/// What to do after an attempt to send something.
struct Judgement {
  enum class Kind { sent, again, give_up };
  Kind kind = Kind::sent;
  std::string reason;                 ///< of `again` and `give_up`, one line
  std::optional<Milliseconds> after;  ///< how long the other side wants to be left alone, at most an hour
};

/// 2xx is sent, and so is what GitLab says when a status is already set. 408, 425, 429, 5xx, a rate limit (403 with
/// Retry-After, no requests remaining or "rate limit" in its body, which alone asks for a minute) and a failed transfer
/// are worth another try; everything else is not.
Judgement judge(const Result<HttpResponse>& answer, Time now);

inline constexpr std::int64_t max_attempts = 12;

/// The pause before attempt `attempts` + 1: 5 s, doubled each time, at most an hour, of which a random part between
/// half and all is waited (`random` in [0, 1)); what the other side asked for counts if it is longer, up to an hour.
Milliseconds backoff(std::int64_t attempts, std::optional<Milliseconds> asked, double random);

}  // namespace slipway::notify
