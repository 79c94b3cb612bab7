#pragma once
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "orchestrator/rollouts/host_work.hpp"
#include "orchestrator/rollouts/once_note.hpp"
#include "orchestrator/rollouts/target.hpp"

/// Programs that must not run twice: hooks and migrations.
namespace slipway::rollouts {

/// A program to be run on one host.
struct OneShot {
  std::string key;        ///< in its rollout
  std::string title;      ///< for people: "hook before_stop"
  std::string label;      ///< "before_stop", "migrate"
  std::string container;  ///< its own container's name; empty: it runs in the service's
  std::string service;
  std::vector<std::string> run;
  Milliseconds timeout{0};
  std::shared_ptr<const Target> target;  ///< whose service it is
  bool old = false;                      ///< and that is the one which goes: it can do without files that are lost
};

/// Where such notes are kept. Returns when they are committed.
class OnceJournal {
 public:
  virtual ~OnceJournal() = default;
  [[nodiscard]] virtual std::optional<OnceNote> noted(const std::string& key) const = 0;
  virtual awaitable<Result<void>> note(std::string key, OnceNote note) = 0;
};

/// Runs one-shots on one host. What an earlier process has begun is waited for and never begun again: the note is
/// committed before the program starts, and names the container or exec it starts in. Its time counts from when it
/// starts, which is in the note, too. One whose container is gone has failed. Kind::unavailable and Kind::timeout mean
/// that the host could not be asked: the same call goes on from there. Borrows all it is given.
class Once {
 public:
  Once(Site site, HostWork& work, OnceJournal& journal, const Clock& clock, Maker maker,
       std::function<void(std::string)> say)
      : site_(std::move(site)),
        work_(work),
        journal_(journal),
        clock_(clock),
        maker_(std::move(maker)),
        say_(std::move(say)) {}

  /// Kind::failed says how the program failed. What it printed goes to `say`.
  awaitable<Result<void>> run(OneShot what);
  /// Removes what one-shots of the rollout have left on the host, running or not.
  awaitable<Result<void>> sweep(std::string application);

 private:
  using Trouble = Result<std::string>;  ///< empty: none

  awaitable<Result<std::string>> make(OneShot what);
  awaitable<Result<std::string>> make_container(OneShot what);
  awaitable<Result<std::string>> make_exec(OneShot what);
  awaitable<Trouble> finish_container(OneShot what, OnceNote note);
  awaitable<Trouble> finish_exec(OneShot what, OnceNote note);
  awaitable<Result<OnceNote>> count_from_now(OneShot what, OnceNote note);
  awaitable<Result<void>> wait_for_exit(std::string id, Time until);
  awaitable<void> tell_log(OneShot what, std::string id);
  void tell(const OneShot& what, const std::string& output) const;
  [[nodiscard]] Milliseconds left(Time until) const { return until - clock_.now(); }

  Site site_;
  HostWork& work_;
  OnceJournal& journal_;
  const Clock& clock_;
  Maker maker_;
  std::function<void(std::string)> say_;
};

}  // namespace slipway::rollouts
