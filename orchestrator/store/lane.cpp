#include "orchestrator/store/lane.hpp"

#include <algorithm>
#include <iterator>

namespace slipway::store {

namespace {
constexpr auto kRetryAfter = std::chrono::seconds(2);
}

Lane::Lane(std::size_t queue_limit, std::size_t batch_limit, std::function<bool(Batch)> work)
    : queue_limit_(queue_limit), batch_limit_(batch_limit), work_(std::move(work)), thread_([this] { loop(); }) {}

Lane::~Lane() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

bool Lane::submit(std::shared_ptr<Operation> operation) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() >= queue_limit_) return false;
    waiting_.push_back(std::move(operation));
  }
  changed_.notify_one();
  return true;
}

void Lane::loop() {
  bool retry = false;
  for (Batch batch; take(batch, retry); batch.clear()) retry = work_(std::move(batch));
}

bool Lane::take(Batch& batch, bool retry) {
  std::unique_lock lock(mutex_);
  const auto ready = [this] { return stopping_ || !waiting_.empty(); };
  if (retry) {
    changed_.wait_for(lock, kRetryAfter, ready);
  } else {
    changed_.wait(lock, ready);
  }
  const auto count = std::min(batch_limit_, waiting_.size());
  const auto end = waiting_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.assign(std::make_move_iterator(waiting_.begin()), std::make_move_iterator(end));
  waiting_.erase(waiting_.begin(), end);
  return count > 0 || !stopping_;
}

}  // namespace slipway::store
