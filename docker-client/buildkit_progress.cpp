#include "docker-client/buildkit_progress.hpp"

#include <algorithm>

namespace slipway::docker {
namespace {

/// "[2/3] RUN make", "[build 2/3] RUN make"; BuildKit's own steps are "[internal] load …", "[auth] …" or have no
/// brackets.
bool is_instruction(std::string_view name) {
  if (!name.starts_with('[')) return false;
  const std::string_view place = name.substr(1, name.find(']') - 1);
  const std::string_view count = place.substr(place.rfind(' ') + 1);
  return count.find('/') != std::string_view::npos && count.find_first_not_of("0123456789/") == std::string_view::npos;
}

Milliseconds duration_of(const TraceVertex& vertex) {
  if (!vertex.started || !vertex.completed) return {};
  return std::max(*vertex.completed - *vertex.started, Milliseconds{});
}

BuildEvent::Outcome outcome_of(const TraceVertex& vertex) {
  if (vertex.error.empty()) return vertex.cached ? BuildEvent::Outcome::cached : BuildEvent::Outcome::completed;
  const bool cancelled = vertex.error.find("context canceled") != std::string::npos;
  return cancelled ? BuildEvent::Outcome::cancelled : BuildEvent::Outcome::failed;
}

Bytes bytes_of(const TraceStatus& status) {
  const auto unsigned_of = [](std::int64_t n) { return static_cast<std::uint64_t>(std::max<std::int64_t>(n, 0)); };
  return {unsigned_of(status.current), unsigned_of(status.total)};
}

}  // namespace

void BuildkitProgress::add(const TraceEntry& entry) {
  std::visit([this](const auto& one) { add(one); }, entry);
}

void BuildkitProgress::add(const TraceLog& log) {
  steps_.output(step_of(log.vertex), log.stream == 2 ? LogStream::err : LogStream::out, log.text);
}

void BuildkitProgress::add(const TraceWarning& warning) {
  steps_.warn(step_of(warning.vertex), warning.text);
}

std::size_t BuildkitProgress::step_of(const std::string& digest) const {
  const auto found = numbers_.find(digest);
  return found == numbers_.end() ? 0 : found->second;
}

void BuildkitProgress::add(const TraceVertex& vertex) {
  std::size_t number = step_of(vertex.digest);
  if (number == 0) {
    number = steps_.add(vertex.name, is_instruction(vertex.name));
    if (number == 0) return;
    numbers_.emplace(vertex.digest, number);
  }
  if (vertex.started && !vertex.cached) steps_.start(number);
  if (!vertex.completed && vertex.error.empty()) return;
  steps_.finish(number, outcome_of(vertex), duration_of(vertex), vertex.error);
}

void BuildkitProgress::add(const TraceStatus& status) {
  const std::string& what = status.name.empty() ? status.id : status.name;
  steps_.transfer(step_of(status.vertex), what, bytes_of(status));
}

}  // namespace slipway::docker
