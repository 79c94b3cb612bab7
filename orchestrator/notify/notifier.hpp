#pragma once
#include <functional>
#include <map>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/async.hpp"
#include "base/clock.hpp"
#include "base/http_client.hpp"
#include "base/secret.hpp"
#include "orchestrator/notify/retry.hpp"
#include "orchestrator/store/outbox.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::notify {

/// Sends what the outbox holds: commit statuses to the forges. The store puts a message {"run": N} into it, in the same
/// transaction, whenever a run of a project with a forge changes its state, one for each commit and event; what is sent
/// is the state of the run that counts for these (store::Runs::telling) at the time of sending. At least once, in order
/// for each commit and context, sixteen of them at the same time, and two at one forge, so that one that never answers
/// delays no other's. Forges that did not answer when last asked, or were not asked yet, have one each and eight
/// between them: however many of these hang, those that answer have the rest. Tries again for about five hours (see
/// `backoff`), then gives up and adds "status.undeliverable" with the reason to the run's timeline. `ca_file` has the
/// CAs of forges; empty: the machine's. Borrows all else it is given.
class Notifier {
 public:
  /// The project's forge token, opened.
  using ForgeToken = std::function<Result<Secret>(const store::Project&)>;

  Notifier(store::Store& store, Pool& pool, const Clock& clock, ForgeToken token, std::string public_url,
           std::string ca_file = {});

  /// Works until `stop`; what is being sent then is cut off, and sent again after the next start.
  awaitable<void> run();
  void stop();

 private:
  struct Errand {
    store::Message message;
    std::string forge;  // as forge_host has it
  };
  struct UnderWay {
    std::map<std::string, std::size_t> at;  // by forge
    std::set<std::string> keys;             // of their messages: a newer one for the same commit waits
    std::set<std::string> answering;        // forges that did when last asked

    [[nodiscard]] bool has_room_at(const std::string& forge) const;
  };
  class Leave;

  static Result<std::vector<Errand>> choose(store::Transaction& tx, Time now, UnderWay under_way);
  awaitable<void> send_until_stopped(Tasks& sending);
  awaitable<std::size_t> begin_due(Tasks& sending, Time now);
  awaitable<void> send(Errand errand);
  awaitable<void> pause();
  awaitable<Judgement> attempt(RunId run);
  void note(const std::string& forge, const Result<HttpResponse>& answer);
  awaitable<Result<void>> settle(store::Message message, RunId run, Judgement verdict);
  awaitable<void> wait(std::int64_t seen, Time now);

  store::Store& store_;
  Pool& pool_;
  const Clock& clock_;
  ForgeToken token_;
  std::string public_url_;
  std::string ca_file_;
  std::stop_source stop_;
  UnderWay under_way_;
  bool room_ = false;                      // one that was under way has ended since the last look
  asio::steady_timer* waiting_ = nullptr;  // set while it waits
  std::minstd_rand random_;
};

}  // namespace slipway::notify
