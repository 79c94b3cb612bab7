#include "orchestrator/rollouts/probe_log.hpp"

#include <algorithm>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

constexpr double growth = 1.25;
constexpr std::size_t most_stages = 200;  // what comes later is counted with the last

Milliseconds bound_of(std::size_t bucket) {
  return Milliseconds(static_cast<std::int64_t>(std::ceil(std::pow(growth, static_cast<double>(bucket)))));
}

}  // namespace

void LatencyBuckets::add(Milliseconds time) {
  std::size_t bucket = 0;
  while (bucket + 1 < count && bound_of(bucket) < time) ++bucket;
  ++counts_[bucket];
}

void LatencyBuckets::add(const LatencyBuckets& other) {
  for (std::size_t i = 0; i < count; ++i) counts_[i] += other.counts_[i];
}

Milliseconds LatencyBuckets::quantile(double share) const {
  std::uint64_t all = 0;
  for (const std::uint32_t number : counts_) all += number;
  if (all == 0) return Milliseconds(0);
  const auto needed = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(all)));
  std::uint64_t passed = 0;
  for (std::size_t i = 0; i < count; ++i) {
    passed += counts_[i];
    if (passed >= std::max<std::uint64_t>(1, needed)) return bound_of(i);
  }
  return bound_of(count - 1);
}

void LatencyBuckets::set(std::size_t bucket, std::uint32_t number) {
  if (bucket < count) counts_[bucket] = number;
}

ProbeFigures& ProbeLog::figures_of(const std::string& stage) {
  const auto found = std::find_if(stages_.begin(), stages_.end(), [&](const Stage& one) { return one.name == stage; });
  if (found != stages_.end()) return found->figures;
  if (stages_.size() < most_stages) stages_.push_back({stage, {}});
  return stages_.back().figures;
}

void ProbeLog::answered(const std::string& stage, Milliseconds took) {
  ProbeFigures& figures = figures_of(stage);
  ++figures.requests;
  figures.slowest = std::max(figures.slowest, took);
  figures.latency.add(took);
}

void ProbeLog::failed(const std::string& stage, const std::string& host, const std::string& why, Time at) {
  ProbeFigures& figures = figures_of(stage);
  ++figures.requests;
  ++figures.failures;
  if (first_failure_.empty()) first_failure_ = format_time(at) + " host " + host + " during " + stage + ": " + why;
}

void ProbeLog::unreachable(const std::string& stage) {
  ++figures_of(stage).unreachable;
}

void ProbeLog::unanswered(const std::string& stage) {
  ++figures_of(stage).unanswered;
}

std::uint64_t ProbeLog::requests() const {
  std::uint64_t sum = 0;
  for (const Stage& stage : stages_) sum += stage.figures.requests;
  return sum;
}

std::uint64_t ProbeLog::failures() const {
  std::uint64_t sum = 0;
  for (const Stage& stage : stages_) sum += stage.figures.failures;
  return sum;
}

nlohmann::json ProbeLog::json() const {
  Json stages = Json::array();
  for (const Stage& stage : stages_) {
    Json buckets = Json::object();
    const auto& counts = stage.figures.latency.counts();
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (counts[i] != 0) buckets[std::to_string(i)] = counts[i];
    }
    stages.push_back({{"stage", stage.name},
                      {"requests", stage.figures.requests},
                      {"failures", stage.figures.failures},
                      {"unreachable", stage.figures.unreachable},
                      {"unanswered", stage.figures.unanswered},
                      {"slowest_ms", stage.figures.slowest.count()},
                      {"latency", buckets}});
  }
  return {{"stages", stages}, {"counted", counted_}, {"first_failure", first_failure_}};
}

ProbeLog ProbeLog::from(const nlohmann::json& json) {
  ProbeLog log;
  for (const Json& row : value_at(json, "stages")) {
    Stage stage{text_at(row, "stage"), {}};
    stage.figures.requests = static_cast<std::uint64_t>(number_at(row, "requests"));
    stage.figures.failures = static_cast<std::uint64_t>(number_at(row, "failures"));
    stage.figures.unreachable = static_cast<std::uint64_t>(number_at(row, "unreachable"));
    stage.figures.unanswered = static_cast<std::uint64_t>(number_at(row, "unanswered"));
    stage.figures.slowest = Milliseconds(number_at(row, "slowest_ms"));
    for (std::size_t i = 0; i < LatencyBuckets::count; ++i) {
      const auto number = number_at(value_at(row, "latency"), std::to_string(i));
      stage.figures.latency.set(i, static_cast<std::uint32_t>(number));
    }
    log.stages_.push_back(std::move(stage));
  }
  for (const Json& host : value_at(json, "counted")) {
    if (host.is_string()) log.counted_.insert(host.get<std::string>());
  }
  log.first_failure_ = text_at(json, "first_failure");
  return log;
}

}  // namespace slipway::rollouts
