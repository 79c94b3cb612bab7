#pragma once
#include "orchestrator/runs/image_source.hpp"
#include "orchestrator/runs/in_care.hpp"
#include "orchestrator/runs/job_network.hpp"
#include "orchestrator/runs/job_order.hpp"
#include "orchestrator/runs/service_run.hpp"
#include "orchestrator/runs/step_run.hpp"

namespace slipway::runs {

/// What jobs of steps share. All of it borrowed.
struct JobTools {
  JobTools(StepTools s, ImageSource& i, Tasks& c, InCare& k) : step(s), images(i), cleanup(c), in_care(k) {}
  StepTools step;
  ImageSource& images;
  Tasks& cleanup;   ///< removals go on here after a job has ended
  InCare& in_care;  ///< it is, as long as there is a JobRun of it
  /// The job network's id (ensure_job_network) and the anchor image's (ensure_anchor_image). Asked for only where
  /// containers are to be made.
  std::function<awaitable<Result<std::pair<std::string, std::string>>>()> network;
  /// Brings the content of a folder into `container` at kWorkspace.
  std::function<awaitable<Result<void>>(std::string container, std::string folder)> fill;
};

/// One attempt at a job of steps: its services, then its steps one after the other in a workspace and a network
/// namespace of their own, up to the first that fails. Goes on where the journal says an earlier daemon left off.
///
/// The next step's container is created while the one before runs; containers, namespace and workspace are removed in
/// the background, services stopped first. Cancelling leaves everything as it is, for the next daemon.
class JobRun : public std::enable_shared_from_this<JobRun> {
 public:
  /// `records` are the journal's attempts of this job and attempt number.
  JobRun(JobTools tools, JobOrder order, std::vector<store::Attempt> records, const Executor& executor);

  /// To its end. An Error is one of the journal or the disk, and says nothing about the job.
  awaitable<Result<Outcome>> run();
  /// Ends it: what runs is told to stop, then killed after the grace.
  void stop(std::string reason) { stop_.ask(std::move(reason)); }

 private:
  awaitable<Result<Outcome>> work();
  awaitable<Result<Outcome>> break_off(std::size_t open, Outcome why);
  void adopt(std::size_t index);
  awaitable<Result<void>> set_up();
  awaitable<Result<void>> look_whether_begun();
  awaitable<Result<void>> make_network();
  awaitable<Result<void>> resolve_images();
  awaitable<Result<void>> resolve_image(std::string reference, bool anonymous);
  awaitable<Result<void>> open_network();
  awaitable<Result<void>> start_services();
  awaitable<Result<void>> start_service(std::size_t index);
  awaitable<Result<void>> prepare(std::size_t index);
  awaitable<Result<Outcome>> run_steps();
  awaitable<Result<Outcome>> run_step(std::size_t index);
  awaitable<Result<void>> settle_before(std::size_t index);
  awaitable<void> clean_up(std::shared_ptr<JobRun> self);
  awaitable<void> remove_all();
  awaitable<Result<void>> end_found(std::shared_ptr<StepRun> step);
  awaitable<void> end_services();
  StepOrder order_for(const std::string& step, docker::ContainerSpec spec) const;
  [[nodiscard]] StepOrder order_again(const store::Attempt& record) const;
  [[nodiscard]] std::shared_ptr<StepRun> find_again(const store::Attempt& record) const;
  [[nodiscard]] std::function<awaitable<Result<void>>(std::string)> filling() const;
  Result<void> make_step(std::size_t index);
  [[nodiscard]] bool has_run_of(const std::string& name) const;
  [[nodiscard]] std::size_t first_open_step() const;
  [[nodiscard]] std::string config_id(const ImageUse& use) const;
  [[nodiscard]] bool a_service_was_interrupted() const;
  [[nodiscard]] bool shares_network() const;
  [[nodiscard]] bool all_are(bool (*stage)(const store::Attempt&)) const;
  [[nodiscard]] std::string network_mode() const;
  [[nodiscard]] std::optional<store::Attempt> record_of(const std::string& step) const;

  JobTools tools_;
  JobOrder order_;
  InCare::Held in_care_;
  std::vector<store::Attempt> records_;
  StopSignal stop_;
  std::optional<JobNetwork> network_;
  std::string way_out_;  // id of the network that what is to be made has, or its holder; empty: none
  std::map<std::string, std::string> images_;  // reference → config id
  std::vector<std::unique_ptr<ServiceRun>> services_;
  Tasks serving_;
  bool begun_ = false;  // an earlier daemon has started a step: the services were ready, and may be anything now
  std::vector<std::shared_ptr<StepRun>> steps_;  // by index; empty until prepared
  Executor executor_;
};

}  // namespace slipway::runs
