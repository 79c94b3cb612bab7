#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/ids.hpp"
#include "images/reference.hpp"

namespace slipway::runs {

using Labels = std::map<std::string, std::string>;

/// Labels by which slipway finds its own containers, networks and volumes, and nothing else. Public: people filter by
/// them (`docker ps --filter label=dev.slipway.run=12`).
namespace label {
inline constexpr std::string_view kInstance = "dev.slipway.instance";
inline constexpr std::string_view kRun = "dev.slipway.run";
inline constexpr std::string_view kJob = "dev.slipway.job";
inline constexpr std::string_view kStep = "dev.slipway.step";
inline constexpr std::string_view kAttempt = "dev.slipway.attempt";
inline constexpr std::string_view kSpecHash = "dev.slipway.spec-hash";
// On images that were built:
inline constexpr std::string_view kProject = "dev.slipway.project";
inline constexpr std::string_view kImage = "dev.slipway.image";
}  // namespace label

/// Containers have their image's labels, and by labels slipway tells what is whose. Kind::forbidden if an image has one
/// of slipway's own, but for those of its builds.
Result<void> check_image_labels(const Labels& labels, const std::string& image);

/// `key` in letters, digits, '-', '_' and '.', at most 60 bytes and beginning with a letter or digit. A key that had to
/// be changed gets a hash of the original at its end, so different keys stay different.
std::string slug(std::string_view key);

/// What the engine knows our own images as: `localhost/slipway/…`, which is nobody's registry, so that none of them can
/// be taken for an image that somebody's pipeline names.
std::string local_repository(std::string_view name);
bool is_local(const images::Reference& reference);

/// The log of an image's build: `image.<name>.a1`; a build that is run again writes it anew.
std::string build_log(std::string_view image);
/// The log of an attempt at a push or a deployment: `<job>.a<attempt>`.
std::string work_log(std::string_view job, int attempt);
/// The report of what is wrong in a run's pipeline file: `plan`.
std::string plan_log();

/// One attempt at one job of one run by one installation of slipway; what every name is made from, so that after a
/// crash the names are known without having been written down.
struct AttemptName {
  AttemptName(std::string i, RunId r, std::string j, int a)
      : instance(std::move(i)), run(r), job(std::move(j)), attempt(a) {}
  std::string instance;
  RunId run;
  std::string job;
  int attempt = 1;

  /// `slip-<instance>-<run>-<job>.<step>-a<attempt>`: no step has a dot in its name, so no two have one container's.
  [[nodiscard]] std::string container(std::string_view step) const;
  /// The container whose network namespace the steps and services of the job share:
  /// `slip-<instance>-<run>-<job>-net-a<attempt>`.
  [[nodiscard]] std::string anchor() const;
  /// The volume that is the job's workspace: `slip-<instance>-<run>-<job>-a<attempt>`.
  [[nodiscard]] std::string workspace() const;
  /// The log's name (logs::LogKey): `<job>.<step>.a<attempt>`.
  [[nodiscard]] std::string log(std::string_view step) const;
  /// All labels but the spec hash; without a step for what belongs to the whole attempt.
  [[nodiscard]] Labels labels(std::string_view step = {}) const;

 private:
  [[nodiscard]] std::string of_job(std::string_view part) const;
};

}  // namespace slipway::runs
