#pragma once
#include <memory>
#include <set>
#include <string>
#include <tuple>

#include "base/ids.hpp"

namespace slipway::runs {

/// Which attempts at jobs this process sees to: from before anything of theirs is made until all of it is removed. What
/// is not in care and belongs to an ended job is an orphan, however young.
class InCare {
 public:
  using Key = std::tuple<RunId, std::string, int>;  ///< run, job, attempt

  /// Keeps one in care as long as it lives, which may be longer than the InCare.
  class Held {
   public:
    Held(std::shared_ptr<std::multiset<Key>> all, Key key)
        : all_(std::move(all)), place_(all_->insert(std::move(key))) {}
    ~Held() { all_->erase(place_); }
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;

   private:
    std::shared_ptr<std::multiset<Key>> all_;
    std::multiset<Key>::iterator place_;
  };

  /// Any number of times.
  [[nodiscard]] Held hold(RunId run, std::string job, int attempt) const {
    return {all_, {run, std::move(job), attempt}};
  }
  [[nodiscard]] bool has(RunId run, const std::string& job, int attempt) const {
    return all_->contains({run, job, attempt});
  }

 private:
  std::shared_ptr<std::multiset<Key>> all_ = std::make_shared<std::multiset<Key>>();
};

}  // namespace slipway::runs
