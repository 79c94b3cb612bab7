#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace slipway {

/// A program on a terminal of its own, as a person has it: what is typed goes through the terminal, so Ctrl-C is
/// SIGINT. Killed with the object.
class OnTerminal {
 public:
  struct Size {
    unsigned short columns = 80, rows = 24;
  };
  /// With PATH and HOME alone beside `environment`.
  OnTerminal(std::vector<std::string> words, std::map<std::string, std::string> environment, Size size);
  OnTerminal(const OnTerminal&) = delete;
  OnTerminal& operator=(const OnTerminal&) = delete;
  ~OnTerminal();

  /// Waits until it has written `text`; false: it ended without, or 40 s have passed.
  bool shows(std::string_view text);
  void type(std::string_view keys) const;
  /// Waits for its end, 40 s at most; its exit code, or -1: a signal ended it, or it did not end.
  int finish();
  /// All that it has written so far.
  [[nodiscard]] const std::string& output() const { return output_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  bool read_some();

  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string output_;
};

}  // namespace slipway
