#include "docker-client/events.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {
constexpr std::size_t remembered = 1024;

std::string since_text(std::int64_t nanoseconds) {
  return fmt::format("{}.{:09}", nanoseconds / 1'000'000'000, nanoseconds % 1'000'000'000);
}

}  // namespace

std::string Event::since() const {
  return since_text(time_nanoseconds);
}

std::string since_time(Time time) {
  return since_text(std::chrono::nanoseconds(time.time_since_epoch()).count());
}

Event event_from(const Json& object) {
  Event event;
  event.type = text_at(object, "Type");
  event.action = text_at(object, "Action");
  const Json& actor = value_at(object, "Actor");
  event.actor = text_at(actor, "ID");
  event.attributes = string_map_at(actor, "Attributes");
  event.time_nanoseconds = number_at(object, "timeNano");
  return event;
}

awaitable<Result<std::optional<Event>>> EventStream::next() {
  for (;;) {
    Result<std::optional<Json>> value = values_.next();
    if (!value) co_return fail(std::move(value.error()).in("events"));
    if (*value) co_return event_from(**value);
    Result<std::string> piece = co_await stream_.next();
    if (!piece) co_return fail(std::move(piece.error()).in("events"));
    if (piece->empty()) co_return std::optional<Event>();
    values_.feed(*piece);
  }
}

awaitable<Result<EventStream>> Events::follow(EventsRequest what) {
  Request request("GET", "/events");
  if (!what.since.empty()) request.with("since", what.since);
  if (!what.until.empty()) request.with("until", what.until);
  if (!what.filters.empty()) request.with("filters", what.filters.json());
  Result<ResponseStream> stream = co_await transport_.stream(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("events"));
  co_return EventStream(std::move(*stream));
}

bool RecentEvents::is_new(const Event& event) {
  Key key(event.time_nanoseconds, event.actor, event.action);
  if (!seen_.insert(key).second) return false;
  order_.push_back(std::move(key));
  if (order_.size() > remembered) {
    seen_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

}  // namespace slipway::docker
