#pragma once
#include <map>

#include "images/registry_client.hpp"
#include "orchestrator/runs/image_jobs.hpp"
#include "orchestrator/runs/job_run.hpp"
#include "orchestrator/runs/run_context.hpp"

namespace slipway::runs {

/// What all runs share, borrowed.
struct DriverTools {
  DriverTools(Collaborators& w, const Settings& s, EngineWatch& e, ImageSource& i, images::RegistryClient& r, Tasks& c,
              InCare& k)
      : with(w), settings(s), watch(e), images(i), registry(r), cleanup(c), in_care(k) {}
  Collaborators& with;
  const Settings& settings;
  EngineWatch& watch;
  ImageSource& images;
  images::RegistryClient& registry;
  Tasks& cleanup;
  InCare& in_care;
  /// The job network's id and the anchor image's, made when they are first needed.
  std::function<awaitable<Result<std::pair<std::string, std::string>>>()> network;
};

/// Drives one run from planned to finished: performs what its machine decides, commits before and after, and feeds
/// back what it saw. Everything it needs to begin again is in the journal.
class RunDriver {
 public:
  RunDriver(DriverTools tools, std::shared_ptr<RunContext> context, std::shared_ptr<checkout::Repository> repository,
            const Executor& executor);
  ~RunDriver();
  RunDriver(const RunDriver&) = delete;
  RunDriver& operator=(const RunDriver&) = delete;

  /// Resolves when the run has finished and that is committed. Cancelling leaves containers as they are.
  awaitable<Result<void>> run();
  /// Stops what runs; `run` then resolves within the machine's limits.
  void cancel(std::string reason);
  void engine_changed(bool available);

 private:
  awaitable<Result<void>> restore();
  awaitable<Result<void>> drive();
  awaitable<void> keep_time();
  void tell_of_engine(bool available, Time now);
  void perform(Actions actions);
  void perform_one(const BuildImage& action);
  void perform_one(const StopBuild& action);
  void perform_one(const StartAttempt& action);
  void perform_one(const StopAttempt& action);
  void perform_one(const FinishJob& action);
  void perform_one(const FinishImage& action);
  void perform_one(const FinishRun& action);

  awaitable<void> build(std::size_t image);
  awaitable<Result<Outcome>> build_logged(std::size_t image);
  awaitable<void> attempt(std::size_t job, int number, Time deadline);
  awaitable<Result<Outcome>> work_on(std::size_t job, int number, Time deadline);
  awaitable<Result<Outcome>> run_steps(std::size_t job, int number, Time deadline);
  awaitable<Result<Outcome>> push(std::size_t job, int number);
  awaitable<Result<Outcome>> deploy(std::size_t job, int number);
  awaitable<Result<Outcome>> deploy_or_take_up(std::size_t job, int number, DeploymentNews news);
  awaitable<void> pass_on_stop(StopSignal& stop, DeploymentKey key);
  awaitable<Result<void>> begin_build(std::size_t image);
  awaitable<void> learn_commit_time();
  void deployment_waits(std::size_t job, int number, std::string reason);
  awaitable<Result<void>> begin_attempt(std::size_t job, int number, Time deadline);
  awaitable<Result<void>> fill(std::string container);
  awaitable<Result<void>> finish_run();
  void note(std::string what, awaitable<Result<void>> commit);
  awaitable<void> commit_noted(std::string what, awaitable<Result<void>> commit);
  [[nodiscard]] store::JobKey key_of_job(std::size_t job) const;
  [[nodiscard]] store::JobKey key_of_image(std::size_t image) const;
  StopSignal& stop_of(std::map<std::size_t, std::unique_ptr<StopSignal>>& signals, std::size_t index);

  DriverTools tools_;
  std::shared_ptr<RunContext> context_;
  std::shared_ptr<checkout::Repository> repository_;
  Executor executor_;
  Machine machine_;
  SourceTree source_;
  Tasks tasks_;
  StopSignal finished_;
  bool driving_ = false;       // restored and resumed: the machine may be told things
  std::string cancel_reason_;  // of a cancel that came before
  Outcome outcome_;
  std::map<std::size_t, std::shared_ptr<JobRun>> jobs_;
  std::map<std::size_t, std::unique_ptr<StopSignal>> job_stops_, build_stops_;
  std::map<std::size_t, int> begun_;  // attempts that the journal had begun before a restart
  std::set<std::size_t> begun_builds_;
};

}  // namespace slipway::runs
