#include "cli/live_screen.hpp"

#include <array>
#include <chrono>

#include <nlohmann/json.hpp>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.hpp"
#include "cli/standard_output.hpp"

namespace slipway::cli {
namespace {

constexpr std::chrono::milliseconds between_frames{100};
constexpr std::array deadly_signals{SIGTERM, SIGHUP, SIGQUIT};

ScreenSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_row == 0) return {};
  return {size.ws_col, size.ws_row};
}

/// For signals that end the program: it goes on dying of it.
void show_cursor_and_die(int signal) {
  const ssize_t ignored = ::write(STDOUT_FILENO, show_cursor.data(), show_cursor.size());
  (void)ignored;
  ::raise(signal);
}

std::array<struct sigaction, deadly_signals.size()> before_screen;

void catch_deadly_signals() {
  struct sigaction action{};
  action.sa_handler = show_cursor_and_die;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  for (std::size_t i = 0; i < deadly_signals.size(); ++i) {
    ::sigaction(deadly_signals[i], &action, &before_screen[i]);
    const bool ignored = before_screen[i].sa_handler == SIG_IGN;
    if (ignored) ::sigaction(deadly_signals[i], &before_screen[i], nullptr);
  }
}

void release_deadly_signals() {
  for (std::size_t i = 0; i < deadly_signals.size(); ++i) ::sigaction(deadly_signals[i], &before_screen[i], nullptr);
}

}  // namespace

LiveScreen::LiveScreen() {
  catch_deadly_signals();
  written_ = write_output(hide_cursor);
  thread_ = std::jthread([this](const std::stop_token& done) {
    while (!done.stop_requested()) {
      draw();
      std::this_thread::sleep_for(between_frames);
    }
  });
}

LiveScreen::~LiveScreen() {
  thread_.request_stop();
  thread_.join();
  draw();
  (void)write_output(show_cursor);
  release_deadly_signals();
}

Result<void> LiveScreen::show(const Json& run) {
  const std::lock_guard lock(mutex_);
  run_ = std::make_unique<const Json>(run);
  return written_;
}

void LiveScreen::draw() {
  const std::lock_guard lock(mutex_);
  if (!written_ || !run_) return;
  std::vector<std::string> lines = run_screen(*run_, format_time(SystemClock().now()), terminal_size());
  if (lines == drawn_) return;
  written_ = write_output(block_.draw(lines));
  drawn_ = std::move(lines);
}

}  // namespace slipway::cli
