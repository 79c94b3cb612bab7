#include "tests/integration/rollouts/fleet/load.hpp"

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.hpp"
#include "base/ids.hpp"
#include "base/json.hpp"

namespace slipway::rollouts {

Load::Load(const std::vector<std::string>& addresses, int rate) : output_("/tmp/slipway-load-" + random_hex(4)) {
  std::vector<std::string> words = {"python3", "tests/support/app/load.py", "240", std::to_string(rate)};
  words.insert(words.end(), addresses.begin(), addresses.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  child_ = fork();
  if (child_ == 0) {
    const int file = open(output_.c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600);
    dup2(file, STDOUT_FILENO);
    execvp(arguments[0], arguments.data());
    _exit(127);
  }
  for (int i = 0; i < 200 && written().find("ready") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

Load::~Load() {
  if (child_ != 0) {
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }
  std::filesystem::remove(output_);
}

std::string Load::written() const {
  return read_file(output_).value_or("");
}

nlohmann::json Load::finish() {
  kill(child_, SIGTERM);
  int status = 0;
  waitpid(std::exchange(child_, 0), &status, 0);
  const std::string text = written();
  const auto begin = text.find('{');
  auto json = parse_json(begin == std::string::npos ? "" : text.substr(begin));
  if (!json || status != 0) throw std::runtime_error("the load ended with " + std::to_string(status) + ": " + text);
  return *json;
}

}  // namespace slipway::rollouts
