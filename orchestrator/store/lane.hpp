#pragma once
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "orchestrator/store/operation.hpp"

namespace slipway::store {

using Batch = std::vector<std::shared_ptr<Operation>>;

/// A thread and the operations that wait for it, first come, first served.
class Lane {
 public:
  /// `work` gets what waits, up to `batch_limit` operations at a time, on the lane's thread. If it returns true it is
  /// called again after a while, with an empty batch if nothing came.
  Lane(std::size_t queue_limit, std::size_t batch_limit, std::function<bool(Batch)> work);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;
  /// Does what waits, then ends the thread.
  ~Lane();

  /// False if too many wait.
  bool submit(std::shared_ptr<Operation> operation);

 private:
  void loop();
  /// False at the end.
  bool take(Batch& batch, bool retry);

  std::size_t queue_limit_;
  std::size_t batch_limit_;
  std::function<bool(Batch)> work_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Operation>> waiting_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace slipway::store
