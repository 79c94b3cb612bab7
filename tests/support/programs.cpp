#include "tests/support/programs.hpp"

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
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

}  // namespace slipway
