#pragma once
#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "pipelines/pipeline.hpp"

namespace slipway::pipelines {

using Environment = std::map<std::string, std::string>;

/// An image to run: one of the two is empty.
struct PlannedImageUse {
  std::string built;      ///< the name of one of Plan::images
  std::string reference;  ///< postgres:16
  friend bool operator==(const PlannedImageUse&, const PlannedImageUse&) = default;
};

/// An image to build, once for the whole run.
struct PlannedImage {
  std::string name;
  std::string context;  ///< relative to the checkout; "." is all of it
  std::string
      dockerfile;      ///< relative to the checkout, perhaps outside of the context; empty: `Dockerfile` in the context
  std::string target;  ///< empty: the last stage
  std::map<std::string, std::string> args;
  std::map<std::string, std::string> labels;  ///< besides those that every image gets
  friend bool operator==(const PlannedImage&, const PlannedImage&) = default;
};

struct PlannedService {
  std::string name;  ///< also its host name in the job's network
  PlannedImageUse image;
  std::vector<std::string> command;
  Environment env;
  std::vector<SecretUse> secrets;
  Readiness ready;
  Limits limits;
  friend bool operator==(const PlannedService&, const PlannedService&) = default;
};

/// One ephemeral container. Its commands are one script for `sh`, which stops at the first failure.
struct PlannedStep {
  std::string name;  ///< unique in its job, fit for a container's name
  PlannedImageUse image;
  std::vector<std::string> commands;
  Environment env;  ///< the job's included
  std::vector<SecretUse> secrets;
  std::string workdir;  ///< absolute: in the container; otherwise relative to the workspace; empty: the workspace
  friend bool operator==(const PlannedStep&, const PlannedStep&) = default;
};

struct PlannedPush {
  std::string image;              ///< the name of one of Plan::images
  std::string to;                 ///< repository, without a tag
  std::vector<std::string> tags;  ///< at least one, no doubles
  friend bool operator==(const PlannedPush&, const PlannedPush&) = default;
};

struct PlannedDeploy {
  /// `service` of the Compose file runs `image` as the job `pushed_by` pushed it.
  struct Image {
    std::string service;
    std::string image;
    std::string pushed_by;
    friend bool operator==(const Image&, const Image&) = default;
  };
  std::string file;  ///< relative to the checkout
  std::vector<Image> images;
  std::string group;        ///< empty: the targets that the Compose file names
  std::string application;  ///< empty: the Compose file's own name
  friend bool operator==(const PlannedDeploy&, const PlannedDeploy&) = default;
};

/// When a job runs, once everything but success(), failure() and always() is known: a table over how the jobs before it
/// ended. Nowhere true: it is skipped whatever happens, and `reason` says why.
struct PlannedCondition {
  bool after_success = true;   ///< all that it needs passed
  bool after_failure = false;  ///< some job before it, however far, did not pass
  bool after_skip = false;     ///< none failed, but one that it needs was skipped
  std::string text;            ///< its `if` as written; empty if it has none
  std::string reason;          ///< why it never runs; empty if it may
  [[nodiscard]] bool never() const { return !after_success && !after_failure && !after_skip; }
  friend bool operator==(const PlannedCondition&, const PlannedCondition&) = default;
};

struct PlannedJob {
  enum class Kind : std::uint8_t { run, push, deploy };

  std::string id;       ///< unique in the plan, [a-z0-9][a-z0-9._-]*, at most 63 characters
  std::string display;  ///< for people: "unit (3.12)"
  std::string name;     ///< its key in the file: all rows of a matrix have the same
  Kind kind = Kind::run;
  std::map<std::string, std::string> matrix;
  std::vector<std::string> needs;   ///< ids of jobs, all earlier in the plan
  std::vector<std::string> images;  ///< names of the builds it must wait for: to run in, as services, to push; sorted
  PlannedCondition condition;
  std::chrono::milliseconds timeout{};  ///< of one attempt
  Retry retry;

  // What follows is empty in a job that never runs: its texts may not even make sense then.

  // Of a run:
  std::vector<PlannedStep> steps;
  std::vector<PlannedService> services;
  Network network = Network::online;
  Limits limits;
  bool secrets_withheld = false;  ///< it names secrets, and gets none: the run is of a pull request from a fork

  std::optional<PlannedPush> push;      ///< of a push
  std::optional<PlannedDeploy> deploy;  ///< of a deployment
  friend bool operator==(const PlannedJob&, const PlannedJob&) = default;
};

/// What a file means for one event: builds and jobs, everything evaluated.
struct Plan {
  std::vector<PlannedImage> images;  ///< all of the file, used or not
  std::vector<PlannedJob> jobs;      ///< each after those it needs
  friend bool operator==(const Plan&, const Plan&) = default;
};

/// Works out the plan. A pull request from a fork gets no secrets, pushes nothing and deploys nothing. Fails with
/// Kind::invalid, saying where, on parameters that don't fit their types and on values that only the event makes wrong
/// (a tag made of a branch name with a slash).
Result<Plan> make_plan(const Pipeline& pipeline, const Context& context);

/// Exact in both directions; the journal's form of a plan.
Json to_json(const Plan& plan);
/// Fails with Kind::protocol on anything that to_json has not made.
Result<Plan> plan_from_json(const Json& json);

}  // namespace slipway::pipelines
