#include "orchestrator/runs/transfer_report.hpp"

#include <algorithm>

namespace slipway::runs {
namespace {

using LayerPhase = docker::ImageProgress::Phase;

constexpr std::size_t kMostParts = 1'000;  // layers of an image, items of a step
constexpr int kPauseShare = 10;            // a line for each tenth of the time that has passed

std::string in_units(std::uint64_t bytes, std::uint64_t unit, bool coarse) {
  const std::string whole = std::to_string(bytes / unit);
  return coarse ? whole : whole + "." + std::to_string(bytes % unit * 10 / unit);
}

/// "412 of 980 MB", "4.1 of 9.8 MB", "12 MB" where all of it is not known; empty: nothing is.
std::string amount(docker::Bytes bytes, bool more_to_come) {
  const std::uint64_t larger = std::max(bytes.current, bytes.total);
  if (larger == 0) return {};
  const std::uint64_t unit = larger < 1'000'000 ? 1'000 : 1'000'000;
  const bool coarse = larger >= 10 * unit;
  const std::string name = unit == 1'000 ? " kB" : " MB";
  const std::string done = in_units(bytes.current, unit, coarse);
  if (bytes.total == 0) return done + name;
  return done + (more_to_come ? " of at least " : " of ") + in_units(bytes.total, unit, coarse) + name;
}

/// A push counts what tar adds, too, and so may pass what it was to send.
docker::Bytes capped(docker::Bytes bytes) {
  if (bytes.total > 0) bytes.current = std::min(bytes.current, bytes.total);
  return bytes;
}

void add_to(docker::Bytes& sum, const docker::Bytes& bytes) {
  sum.current += bytes.current;
  sum.total += bytes.total;
}

std::string count_of_layers(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " layer" : " layers");
}

}  // namespace

bool LinePace::is_due(Instant now) const {
  return now - last_ >= std::max<Instant::duration>(interval_, (now - began_) / kPauseShare);
}

Milliseconds LinePace::since_beginning(Instant now) const {
  return std::chrono::duration_cast<Milliseconds>(now - began_);
}

void TransferReport::note(const docker::ImageProgress& progress) {
  if (!layers_.contains(progress.layer) && layers_.size() >= kMostParts) return;
  Layer& layer = layers_[progress.layer];
  const bool counted = progress.bytes.total > 0 || progress.bytes.current > 0;
  switch (progress.phase) {
    case LayerPhase::transferring:
      layer.bytes = counted ? capped(progress.bytes) : docker::Bytes{layer.bytes.total, layer.bytes.total};
      return;
    case LayerPhase::extracting:  // in bytes or, with some engines, in seconds: it is here, which is what counts
      layer.bytes.current = layer.bytes.total;
      return;
    case LayerPhase::exists:
    case LayerPhase::done:
      layer.bytes.current = layer.bytes.total;
      layer.ended = true;
      return;
    case LayerPhase::waiting:
    case LayerPhase::retrying:
    case LayerPhase::message:
      return;
  }
}

std::optional<std::string> TransferReport::add(const docker::ImageProgress& progress, Instant now) {
  if (progress.layer.empty() || progress.phase == LayerPhase::message) return std::nullopt;
  note(progress);
  if (!pace_) pace_.emplace(interval_, now);
  if (!pace_->is_due(now)) return std::nullopt;
  std::string text = how_far();
  if (text == last_) return std::nullopt;
  pace_->said(now);
  last_ = text;
  return words_.doing + " " + words_.image + ": " + text;
}

std::string TransferReport::how_far() const {
  docker::Bytes sum;
  std::size_t ended = 0;
  bool more_to_come = false;
  for (const auto& [name, layer] : layers_) {
    add_to(sum, layer.bytes);
    if (layer.ended) ++ended;
    more_to_come = more_to_come || (!layer.ended && layer.bytes.total == 0);
  }
  const std::string bytes = amount(sum, more_to_come);
  return std::to_string(ended) + " of " + count_of_layers(layers_.size()) + (bytes.empty() ? "" : ", " + bytes);
}

std::optional<std::string> TransferReport::end(Instant now) const {
  if (!pace_ || pace_->since_beginning(now) < interval_) return std::nullopt;
  docker::Bytes sum;
  for (const auto& [name, layer] : layers_) sum.current += std::max(layer.bytes.current, layer.bytes.total);
  const std::string bytes = amount(sum, false);
  return words_.done + " " + words_.image + " in " + std::to_string(pace_->since_beginning(now).count() / 1'000) +
         " s: " + count_of_layers(layers_.size()) + (bytes.empty() ? "" : ", " + bytes);
}

std::optional<std::string> BuildTransfers::add(const docker::BuildEvent& event, Instant now) {
  Step& step = steps_.try_emplace(event.step, interval_, now).first->second;
  if (step.items.contains(event.text) || step.items.size() < kMostParts) step.items[event.text] = capped(event.bytes);
  if (!step.pace.is_due(now)) return std::nullopt;
  docker::Bytes sum;
  for (const auto& [name, bytes] : step.items) add_to(sum, bytes);
  std::string text = amount(sum, false);
  if (text.empty() || text == step.last) return std::nullopt;
  step.pace.said(now);
  step.last = text;
  return text;
}

}  // namespace slipway::runs
