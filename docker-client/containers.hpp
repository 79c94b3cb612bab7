#pragma once
#include <optional>
#include <string>
#include <vector>

#include "docker-client/container.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

struct ListContainers {
  bool all = true;  ///< stopped ones too
  Filters filters;
};

struct RemoveContainer {
  bool force = false;    ///< kill it first
  bool volumes = false;  ///< its anonymous volumes too
};

struct LogsRequest {
  bool out = true, err = true;
  bool follow = false;  ///< drops an unterminated last line: read once more without, after the exit
  bool timestamps = false;
  std::string since, until;          ///< "seconds.nanoseconds", inclusive
  std::optional<std::int64_t> tail;  ///< counts the lines of both streams, before out and err choose
};

struct AttachRequest {
  bool in = false, out = true, err = true;
  bool logs = false;  ///< what was written before comes first
};

enum class WaitCondition { not_running, next_exit, removed };

struct ContainerExit {
  int exit_code = 0;
  std::string error;  ///< the Engine's, if waiting itself went wrong
};

/// A wait that the Engine has taken up. Dropping it stops the waiting, not the container.
class ContainerWait {
 public:
  explicit ContainerWait(ResponseStream stream) : stream_(std::move(stream)) {}
  /// Resolves when the container has ended; no timeout. Never the last word: an Engine that is told to stop answers 137
  /// for containers that live on, and one that dies gives Kind::unavailable. Inspect decides.
  awaitable<Result<ContainerExit>> result();

 private:
  ResponseStream stream_;
};

/// The Engine's /containers endpoints. `id` is an id or a name. Borrows `transport`, which must outlive it.
class Containers {
 public:
  explicit Containers(Transport& transport) : transport_(transport) {}

  struct Created {
    std::string id;
    std::vector<std::string> warnings;
  };
  /// Creates, does not start. A taken name is Kind::conflict, an unknown image Kind::not_found.
  awaitable<Result<Created>> create(ContainerSpec spec);

  struct Named {
    std::string id;
    std::optional<Container> found;  ///< what had the name already; absent: it was created
  };
  /// Creates it, or finds what has its name. The Engine reserves a name before there is a container to look at: of a
  /// call still in work (of an earlier process, or whose answer was lost) the outcome is waited for, at most 20 s, then
  /// the name is Kind::conflict.
  awaitable<Result<Named>> create_or_find(ContainerSpec spec);
  /// Already running is success. A program that can't be started is Kind::invalid and leaves exit code 126 or 127 in
  /// the state; other failures are Kind::internal, with 128 there.
  awaitable<Result<void>> start(std::string id);
  /// Stop signal, grace (unset: the container's own), then SIGKILL. Already stopped is success, so is unknown.
  awaitable<Result<void>> stop(std::string id, std::optional<int> grace_seconds = {});
  /// Not running is Kind::conflict, unknown is Kind::not_found.
  awaitable<Result<void>> kill(std::string id, std::string signal = "KILL");
  awaitable<Result<void>> pause(std::string id);
  awaitable<Result<void>> unpause(std::string id);

  /// Registers the wait with the Engine before it returns. next_exit, then start, is the one order without a race
  /// (not_running answers 0 at once for a container that was only created). If the start then fails, drop it: it would
  /// never resolve.
  awaitable<Result<ContainerWait>> begin_wait(std::string id, WaitCondition condition = WaitCondition::next_exit);
  /// Until it does not run.
  awaitable<Result<ContainerExit>> wait(std::string id);

  awaitable<Result<Container>> inspect(std::string id);
  /// All of GET /containers/{id}/json, for comparing containers in whatever the Engine knows of them.
  awaitable<Result<nlohmann::json>> inspect_json(std::string id);
  awaitable<Result<std::vector<ContainerSummary>>> list(ListContainers what = {});
  awaitable<Result<void>> rename(std::string id, std::string name);
  awaitable<Result<void>> set_restart_policy(std::string id, RestartPolicy policy);
  /// Unknown and 'removal already in progress' are success, so that cleanup can always call it.
  awaitable<Result<void>> remove(std::string id, RemoveContainer how = {});
  /// Stopped containers that match; at least one label filter is demanded.
  awaitable<Result<Pruned>> prune(Filters filters);
  awaitable<Result<ContainerStats>> stats(std::string id);

  /// Raw bytes as the Engine sends them: frames (log_frames.hpp), or plain bytes if the container has a tty. The
  /// json-file driver has replaced what is no UTF-8 by U+FFFD; only attach gives such bytes as they were written.
  awaitable<Result<ResponseStream>> logs(std::string id, LogsRequest what = {});
  /// Likewise. Must be read, else the container blocks on its output; attached after the exit it never ends.
  awaitable<Result<HijackedStream>> attach(std::string id, AttachRequest what = {});

 private:
  awaitable<Result<void>> connect_rest(std::string id, std::vector<NetworkAttachment> networks);

  Transport& transport_;
};

}  // namespace slipway::docker
