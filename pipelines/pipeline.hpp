#pragma once
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "pipelines/expression.hpp"

namespace slipway::pipelines {

/// A `slipway.yml` that was read without an error: what it says, for any event. `make_plan` says what it means for one.
/// docs/pipeline.md describes each key.

using NamedTexts = std::vector<std::pair<std::string, Template>>;

/// Glob patterns; those that start with `!` take away again, the last that matches decides. Empty: everything.
using Patterns = std::vector<std::string>;

struct RefFilter {
  Patterns branches;
  Patterns paths;
};
struct RegistryFilter {
  std::string image;
  Patterns tags;
};
struct Triggers {
  std::optional<RefFilter> push;
  std::optional<RefFilter> pull_request;  ///< branches: those it wants to go to
  std::optional<Patterns> tag;
  std::vector<RegistryFilter> registry;
};

struct Parameter {
  enum class Type : std::uint8_t { string, integer, boolean, choice };
  std::string name;
  Type type = Type::string;
  std::vector<std::string> values;     ///< of a choice
  std::optional<std::string> initial;  ///< `default`
  bool required = false;
  std::string description;
};

struct ImageRecipe {
  std::string name;
  std::string context = ".";
  std::string dockerfile;  ///< relative to the checkout; empty: `Dockerfile` in the context
  std::string target;
  NamedTexts args;
  NamedTexts labels;
};

/// An image to run: one that this file builds, or a reference to somebody else's.
struct ImageChoice {
  std::string built;
  Template reference;
};

/// 0: not given, the daemon's defaults hold.
struct Limits {
  std::int64_t milli_cpus = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t pids = 0;
  friend bool operator==(const Limits&, const Limits&) = default;
};

/// A secret, by name, and the environment variable it is given in.
struct SecretUse {
  std::string variable;
  std::string secret;
  friend bool operator==(const SecretUse&, const SecretUse&) = default;
};

/// When a service can be used. All that is given must hold. Nothing given: as soon as it runs.
/// A service that stops before it is ready fails the job at once.
struct Readiness {
  struct Http {
    std::string path;
    int port = 0;
    int status = 0;  ///< 0: any of 200-399
    friend bool operator==(const Http&, const Http&) = default;
  };
  bool healthcheck = false;  ///< the image's own HEALTHCHECK says healthy
  int port = 0;              ///< accepts TCP connections
  std::string log;           ///< a line of its log contains this
  std::optional<Http> http;
  std::chrono::milliseconds timeout = std::chrono::seconds(60);
  friend bool operator==(const Readiness&, const Readiness&) = default;
};

struct Service {
  std::string name;
  ImageChoice image;
  std::vector<Template> command;  ///< empty: the image's own
  NamedTexts env;
  std::vector<SecretUse> secrets;
  Readiness ready;
  Limits limits;
};

struct Retry {
  int max = 0;  ///< attempts beyond the first
  bool on_failure = false;
  bool on_interrupted = false;
  friend bool operator==(const Retry&, const Retry&) = default;
};

struct StepRecipe {
  std::string name;
  std::optional<ImageChoice> image;  ///< nothing: the job's
  std::vector<Template> run;
  NamedTexts env;
  std::vector<SecretUse> secrets;
  std::string workdir;  ///< empty: the job's
};

enum class Network : std::uint8_t { offline, online };

struct RunWork {
  std::optional<ImageChoice> image;
  std::vector<StepRecipe> steps;
  std::vector<std::string> services;
  NamedTexts env;
  std::vector<SecretUse> secrets;
  std::string workdir;  ///< empty: the workspace
  Network network = Network::online;
  Limits limits;
};
struct PushWork {
  std::string image;
  Template to;
  std::vector<Template> tags;
};
struct DeployWork {
  std::string file;
  std::vector<std::pair<std::string, std::string>> images;  ///< service of the Compose file -> image of this file
  Template group;                                           ///< empty: what the Compose file says
  Template application;                                     ///< empty: the Compose file's own name
};

using MatrixRow = std::map<std::string, std::string>;

struct JobRecipe {
  std::string name;
  std::vector<std::string> needs;
  std::optional<Expression> condition;
  std::vector<MatrixRow> rows;           ///< the matrix, expanded; no matrix is one empty row
  std::vector<std::string> matrix_keys;  ///< in the order of the file
  std::chrono::milliseconds timeout = std::chrono::hours(1);
  Retry retry;
  std::variant<RunWork, PushWork, DeployWork> work;
};

struct Pipeline {
  Triggers on;
  std::vector<Parameter> parameters;
  std::vector<ImageRecipe> images;
  std::vector<Service> services;
  std::vector<JobRecipe> jobs;  ///< each after those it needs, otherwise in the order of the file
};

/// Reads and checks a whole file. There is a pipeline if and only if `diagnostics` has no errors.
struct ParsedPipeline {
  std::optional<Pipeline> pipeline;
  Diagnostics diagnostics;
};
ParsedPipeline parse_pipeline(std::string_view text, std::string file = "slipway.yml");

}  // namespace slipway::pipelines
