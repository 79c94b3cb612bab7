#pragma once
#include "tests/integration/runs/bench.hpp"
#include "tests/integration/runs/required.hpp"

namespace slipway::runs {

/// A job that goes on while the test does something else; stopped with the object. Borrows the bench.
class UnderWay {
 public:
  UnderWay(Bench& bench, const JobOrder& order) : bench_(bench), order_(order), job_(bench.make_job(order)) {
    spawn(bench_.io.get_executor(), "job", keep(job_, outcome_));
  }
  ~UnderWay() {
    job_->stop("the test is over");
    bench_.io.restart();
    while (!*outcome_ && bench_.io.run_one_for(std::chrono::seconds(30)) != 0) {
    }
  }
  UnderWay(const UnderWay&) = delete;
  UnderWay& operator=(const UnderWay&) = delete;

  /// Lets the bench work until the step's log has `line`.
  void until_says(const std::string& step, const std::string& line) {
    work_until([&] {
      REQUIRE_FALSE(outcome_->has_value());
      store::AttemptKey key(order_.name.run, order_.name.job, step, order_.name.attempt);
      const auto attempt = bench_.run(bench_.store->read(&store::Attempts::get, std::move(key)));
      if (!attempt || attempt->state != store::AttemptState::running) return false;
      return bench_.log(order_, step).find(line + "\n") != std::string::npos;
    });
  }
  void stop(std::string why) { job_->stop(std::move(why)); }
  Outcome end() {
    work_until([&] { return outcome_->has_value(); });
    return required(**outcome_);
  }

 private:
  static awaitable<void> keep(std::shared_ptr<JobRun> job, std::shared_ptr<std::optional<Result<Outcome>>> to) {
    Result<Outcome> outcome = co_await job->run();
    to->emplace(std::move(outcome));
  }

  template <class Condition>
  void work_until(Condition holds) {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::minutes(1);
    while (!holds()) {
      REQUIRE(std::chrono::steady_clock::now() < limit);
      bench_.io.restart();
      bench_.io.run_one_for(std::chrono::milliseconds(20));
    }
  }

  Bench& bench_;
  JobOrder order_;
  std::shared_ptr<JobRun> job_;
  std::shared_ptr<std::optional<Result<Outcome>>> outcome_ = std::make_shared<std::optional<Result<Outcome>>>();
};

}  // namespace slipway::runs
