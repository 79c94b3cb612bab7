#include "orchestrator/checkout/git_errors.hpp"

#include <algorithm>
#include <string_view>

namespace slipway::checkout {
namespace {

struct Sign {
  std::string_view words;
  Error::Kind kind;
  std::string_view hint;
};

constexpr std::string_view kCredentials =
    "check the project's clone user and password, or its ssh key: slipway project add --help";
constexpr std::string_view kCa = "name the CA that signed the server's certificate with `git.ca_file` in the settings";
constexpr std::string_view kHostKey =
    "if the server's key was changed on purpose, put the new one where `git.known_hosts` says, or, without that "
    "setting, delete the server's line from git/*.known_hosts in the data folder";
constexpr std::string_view kMoved =
    "the server redirects, and a password is given to the project's own server alone: register the project with the "
    "address that the server redirects to";

// The first that is found decides: what is particular stands before what is general.
constexpr Sign kSigns[] = {
    {"Host key verification failed", Error::Kind::unauthorized, kHostKey},
    {"certificate verification failed", Error::Kind::unauthorized, kCa},
    {"SSL certificate problem", Error::Kind::unauthorized, kCa},
    {"certificate signed by unknown authority", Error::Kind::unauthorized, kCa},
    {"Authentication failed", Error::Kind::unauthorized, kCredentials},
    {"could not read Username", Error::Kind::unauthorized, kCredentials},
    {"Permission denied (", Error::Kind::unauthorized, kCredentials},
    {"returned error: 301", Error::Kind::invalid, kMoved},
    {"returned error: 302", Error::Kind::invalid, kMoved},
    {"returned error: 307", Error::Kind::invalid, kMoved},
    {"returned error: 308", Error::Kind::invalid, kMoved},
    {"not found", Error::Kind::not_found, {}},
    {"not our ref", Error::Kind::not_found, {}},
    {"request for unadvertised object", Error::Kind::not_found, {}},  // of a server that serves no single commits
    {"couldn't find remote ref", Error::Kind::not_found, {}},
    {"does not appear to be a git repository", Error::Kind::not_found, {}},
    {"does not exist in", Error::Kind::not_found, {}},
    {"Could not resolve host", Error::Kind::unavailable, {}},
    {"Failed to connect", Error::Kind::unavailable, {}},
    {"Couldn't connect", Error::Kind::unavailable, {}},
    {"Connection refused", Error::Kind::unavailable, {}},
    {"timed out", Error::Kind::unavailable, {}},
    {"unexpectedly", Error::Kind::unavailable, {}},
    {"unexpected disconnect", Error::Kind::unavailable, {}},
    {"early EOF", Error::Kind::unavailable, {}},
};

std::string last_line(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty() && (rest.back() == '\n' || rest.back() == '\r')) rest.remove_suffix(1);
  const auto start = rest.rfind('\n');
  return std::string(start == std::string_view::npos ? rest : rest.substr(start + 1));
}

/// ssh's and git's last line is advice; what happened stands before it. What the server said keeps its "remote: ", also
/// before another of these words: it must not pass for git's own.
std::string telling_line(const std::string& said) {
  for (const std::string_view start : {"fatal: ", "ERROR: ", "error: ", "remote: "}) {
    const auto at = said.find(start);
    if (at == std::string::npos) continue;
    const auto line = said.rfind('\n', at) + 1;  // npos + 1 is 0
    const bool is_from_server = at > line && said.compare(line, 8, "remote: ") == 0;
    const auto from = is_from_server ? line : at + start.size();
    return said.substr(from, said.find('\n', at) - from);
  }
  return last_line(said);
}

}  // namespace

Error git_error(const ProcessOutcome& outcome, const std::string& verb) {
  const std::string& said = outcome.errors;
  std::string line = telling_line(said);
  if (line.empty()) line = "exit code " + std::to_string(outcome.exit_code);
  const auto* sign = std::find_if(std::begin(kSigns), std::end(kSigns),
                                  [&](const Sign& each) { return said.find(each.words) != std::string::npos; });
  const std::string what = "git " + verb + ": ";
  if (sign == std::end(kSigns)) return {Error::Kind::failed, what + line};
  // What decided is told, even where git's first words are others.
  const bool is_told = sign->hint.empty() || line.find(sign->words) != std::string::npos;
  const std::string why = is_told ? std::string() : std::string(sign->words) + ": ";
  return {sign->kind, what + why + line, std::string(sign->hint)};
}

}  // namespace slipway::checkout
