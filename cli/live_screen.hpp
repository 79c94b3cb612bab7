#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "cli/run_screen.hpp"

namespace slipway::cli {

/// Shows a run on the terminal that is standard output for as long as it lives, ten times a second at most: whoever
/// fetches it does so beside. Nobody else may write there meanwhile. The last lines stay; the cursor, which is hidden,
/// is back even if a signal ends the program.
class LiveScreen {
 public:
  LiveScreen();
  LiveScreen(const LiveScreen&) = delete;
  LiveScreen& operator=(const LiveScreen&) = delete;
  /// Draws what was shown last.
  ~LiveScreen();

  /// Fails once the terminal takes no more.
  Result<void> show(const Json& run);

 private:
  void draw();

  std::mutex mutex_;
  std::unique_ptr<const Json> run_;
  Block block_;
  std::vector<std::string> drawn_;
  Result<void> written_;
  std::jthread thread_;  // last: it uses the others
};

}  // namespace slipway::cli
