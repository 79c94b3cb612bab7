#include "cli/standard_input.hpp"

#include <cerrno>
#include <cstring>

#include <unistd.h>

namespace slipway::cli {
namespace {
constexpr std::size_t max_input = 1 << 20;
}

Result<std::string> read_standard_input(const std::string& hint) {
  if (::isatty(STDIN_FILENO) == 1) return fail(Error::Kind::invalid, "a value is expected on standard input", hint);
  std::string text;
  char chunk[4096];
  for (;;) {
    const ssize_t count = ::read(STDIN_FILENO, chunk, sizeof chunk);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(Error::Kind::internal, std::string("standard input: ") + std::strerror(errno));
    if (count == 0) return text;
    text.append(chunk, static_cast<std::size_t>(count));
    if (text.size() > max_input) return fail(Error::Kind::too_large, "standard input is over 1 MiB");
  }
}

std::string without_line_end(std::string text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
  return text;
}

}  // namespace slipway::cli
