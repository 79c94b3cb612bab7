#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "docker-client/progress.hpp"

/// What logs say of pulls, pushes and builds while they take long. The Engine tells many times a second; a line comes
/// every five seconds at most, and the pauses grow with the time that it takes, so that half an hour makes some fifty.
/// What takes less than that says nothing: the log of a quick run is as it would be without. Pure: the caller gives
/// the time.
namespace slipway::runs {

using Instant = std::chrono::steady_clock::time_point;

constexpr Milliseconds kTransferInterval{5'000};

/// When the next line is due.
class LinePace {
 public:
  LinePace(Milliseconds interval, Instant began) : interval_(interval), began_(began), last_(began) {}
  [[nodiscard]] bool is_due(Instant now) const;
  void said(Instant now) { last_ = now; }
  [[nodiscard]] Milliseconds since_beginning(Instant now) const;

 private:
  Milliseconds interval_;
  Instant began_;
  Instant last_;
};

/// An image that is pulled or pushed.
class TransferReport {
 public:
  struct Words {
    std::string doing;  ///< "pulling"
    std::string done;   ///< "pulled"
    std::string image;
  };
  explicit TransferReport(Words words, Milliseconds interval = kTransferInterval)
      : words_(std::move(words)), interval_(interval) {}

  /// "pulling shop:1: 3 of 7 layers, 412 of 980 MB", if it is time for it. Tried again after it broke off, it goes on.
  std::optional<std::string> add(const docker::ImageProgress& progress, Instant now);
  /// It has worked out: "pulled shop:1 in 42 s: 7 layers, 980 MB", if it took long.
  [[nodiscard]] std::optional<std::string> end(Instant now) const;

 private:
  struct Layer {
    docker::Bytes bytes;
    bool ended = false;
  };
  void note(const docker::ImageProgress& progress);
  [[nodiscard]] std::string how_far() const;

  Words words_;
  Milliseconds interval_;
  std::optional<LinePace> pace_;  // from the first word of a layer on
  std::map<std::string, Layer> layers_;
  std::string last_;
};

/// What the steps of a build fetch and send, each with a pace of its own.
class BuildTransfers {
 public:
  explicit BuildTransfers(Milliseconds interval = kTransferInterval) : interval_(interval) {}

  /// For an event of Kind::transfer: "412 of 980 MB", if it is time for it.
  std::optional<std::string> add(const docker::BuildEvent& event, Instant now);
  /// The step has ended.
  void forget(std::size_t step) { steps_.erase(step); }

 private:
  struct Step {
    Step(Milliseconds interval, Instant began) : pace(interval, began) {}
    LinePace pace;
    std::map<std::string, docker::Bytes> items;
    std::string last;
  };
  Milliseconds interval_;
  std::map<std::size_t, Step> steps_;
};

}  // namespace slipway::runs
