#pragma once
#include <filesystem>
#include <optional>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>

#include "orchestrator/runs/job_run.hpp"

namespace slipway::runs {

/// Everything that a job needs, real: the engine of SLIPWAY_TEST_ENGINE, a store and logs in a folder of their own.
/// What was made in the engine is removed at the end.
class Bench {
 public:
  Bench();
  ~Bench();
  Bench(const Bench&) = delete;
  Bench& operator=(const Bench&) = delete;

  /// Runs `work` to its end on the bench's event loop.
  template <class T>
  T run(awaitable<T> work) {
    std::optional<T> value;
    std::exception_ptr escaped;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T result) {
      escaped = e;
      if (!e) value.emplace(std::move(result));
    });
    io.restart();
    while (!value && !escaped) io.run_one();
    if (escaped) std::rethrow_exception(escaped);
    return std::move(*value);
  }
  void run(awaitable<void> work);

  /// An order for a job of one offline step on busybox, in a run of its own that the journal knows.
  JobOrder order(std::vector<std::string> commands);
  /// Runs a job to its end, waits for the clean-up.
  Outcome run_job(JobOrder order);
  std::shared_ptr<JobRun> make_job(JobOrder order);
  void finish_clean_up();

  /// The log's text: lines of the container, slipway's own in brackets.
  std::string log(const JobOrder& order, const std::string& step);
  store::Attempt attempt(const JobOrder& order, const std::string& step);
  /// Containers in the engine with the label of this bench.
  std::vector<docker::ContainerSummary> containers();

  asio::io_context io;
  std::filesystem::path folder;
  Pool pool{4};
  SystemClock clock;
  docker::Engine engine;
  std::unique_ptr<store::Store> store;
  std::optional<logs::LogStore> logs;
  EngineWatch watch;
  std::optional<ImageSource> images;
  InCare in_care;
  Tasks cleanup;
  Tasks watching;
  std::string instance;
  std::optional<JobTools> tools;
  std::string network;  ///< the job network's id
  std::string anchor_image;
};

/// The endpoint to test against.
docker::Endpoint test_engine();

}  // namespace slipway::runs
