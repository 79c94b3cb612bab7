#include "cli/standard_output.hpp"

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>

#include <poll.h>
#include <unistd.h>

namespace slipway::cli {
namespace {

Result<void> output_failed(int code) {
  if (code == EPIPE) return fail(reader_gone());
  return fail(Error::Kind::unavailable, std::string("standard output: ") + std::strerror(code));
}

bool is_read(int output) {
  pollfd reader{output, 0, 0};
  return ::poll(&reader, 1, 0) <= 0 || (reader.revents & POLLERR) == 0;
}

}  // namespace

Result<void> write_output(std::string_view text) noexcept {
  const bool whole = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  return whole && std::fflush(stdout) == 0 ? Result<void>() : output_failed(errno);
}

Error reader_gone() {
  return {Error::Kind::cancelled, ""};
}

ReaderWatch::ReaderWatch()
    : thread_([this](const std::stop_token& done) {
        while (!done.stop_requested() && is_read(STDOUT_FILENO)) {
          std::this_thread::sleep_for(std::chrono::milliseconds(50));
        }
        if (!done.stop_requested()) gone_.request_stop();
      }) {}

}  // namespace slipway::cli
