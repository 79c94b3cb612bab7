#pragma once
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include <nlohmann/json_fwd.hpp>

#include "base/clock.hpp"
#include "docker-client/filters.hpp"
#include "docker-client/json_stream.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

struct Event {
  std::string type;                               ///< "container", "image", "network" …
  std::string action;                             ///< "start", "die", "health_status: healthy" …
  std::string actor;                              ///< id
  std::map<std::string, std::string> attributes;  ///< labels, "name", "exitCode" …
  std::int64_t time_nanoseconds = 0;              ///< since the epoch

  /// What `since` takes: "seconds.nanoseconds".
  [[nodiscard]] std::string since() const;
};
Event event_from(const nlohmann::json& object);
/// The same for events from a time on.
std::string since_time(Time time);

/// The Engine's events as they happen. A hint, never the truth: the Engine keeps 256 and skips slow readers.
class EventStream {
 public:
  explicit EventStream(ResponseStream stream) : stream_(std::move(stream)) {}
  /// The next event; none when the Engine ended the stream. No timeout.
  awaitable<Result<std::optional<Event>>> next();

 private:
  ResponseStream stream_;
  JsonStream values_{1 << 20};
};

struct EventsRequest {
  std::string since;  ///< inclusive; empty: from now on
  std::string until;
  Filters filters;
};

/// Borrows `transport`, which must outlive it.
class Events {
 public:
  explicit Events(Transport& transport) : transport_(transport) {}
  /// Follows until it is dropped. After an error the caller asks again with `since` of the last event, passes what
  /// comes through RecentEvents, and lists, since events may be missing.
  awaitable<Result<EventStream>> follow(EventsRequest what = {});

 private:
  Transport& transport_;
};

/// Tells events that `since` brings a second time. Remembers the last 1024.
class RecentEvents {
 public:
  /// True the first time.
  bool is_new(const Event& event);

 private:
  using Key = std::tuple<std::int64_t, std::string, std::string>;
  std::set<Key> seen_;
  std::deque<Key> order_;
};

}  // namespace slipway::docker
