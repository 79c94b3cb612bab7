#include "tests/support/programs.hpp"

#include <cstdint>
#include <random>
#include <stdexcept>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/ids.hpp"
#include "base/process.hpp"
#include "tests/support/run_async.hpp"

namespace slipway {

namespace fs = std::filesystem;

Ran run_program(std::vector<std::string> words, std::map<std::string, std::string> environment, std::string input,
                fs::path directory) {
  ProcessSpec spec(words.front(), std::vector<std::string>(words.begin() + 1, words.end()));
  spec.environment = std::move(environment);
  spec.input = std::move(input);
  spec.directory = std::move(directory);
  const Result<ProcessOutcome> outcome = run_async(run_process(std::move(spec)));
  if (!outcome) throw std::runtime_error(outcome.error().message);
  return {outcome->exit_code, outcome->output, outcome->errors};
}

Folder::Folder() : path_(fs::temp_directory_path() / ("slipway-test-" + random_hex(6))) {
  fs::create_directories(path_);
}

Folder::~Folder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

int free_port() {
  // Below those that outgoing connections get, since a daemon that is started again wants its port again.
  std::random_device seed;
  std::mt19937 chance(seed());
  std::uniform_int_distribution<int> ports(20'000, 32'000);
  for (int tries = 0; tries < 1000; ++tries) {
    const int port = ports(chance);
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    const int bound = ::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::close(fd);
    if (bound == 0) return port;
  }
  throw std::runtime_error("no port is free");
}

}  // namespace slipway
