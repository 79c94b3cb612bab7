#pragma once
#include <functional>
#include <vector>

#include <catch2/catch.hpp>

#include "tests/support/real_engine.hpp"

namespace slipway::runs {

/// What the engine itself tells, from when this is made, in a conversation of its own.
class EngineEvents {
 public:
  explicit EngineEvents(docker::Filters which) : stream_(follow(std::move(which))) {}

  /// All of them, up to the first that is `last`.
  std::vector<docker::Event> until(const std::function<bool(const docker::Event&)>& last) {
    for (std::vector<docker::Event> all;;) {
      const auto event = engine_.run(with_deadline(std::chrono::seconds(30), stream_.next(), "the engine's events"));
      REQUIRE(event);
      REQUIRE(*event);
      all.push_back(**event);
      if (last(all.back())) return all;
    }
  }

 private:
  docker::EventStream follow(docker::Filters which) {
    docker::EventsRequest what;
    what.filters = std::move(which);
    auto stream = engine_.run(engine_->events().follow(std::move(what)));
    if (!stream) throw std::runtime_error(stream.error().message);
    return std::move(*stream);
  }

  RealEngine engine_;
  docker::EventStream stream_;
};

}  // namespace slipway::runs
