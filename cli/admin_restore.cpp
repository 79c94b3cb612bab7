#include <cerrno>
#include <cstring>

#include <CLI/App.hpp>
#include <unistd.h>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

/// The daemon's own program does it, in place of this one: it alone knows its data, and it must not be running.
Result<Exit> admin_restore(const std::string& file, const std::string& data, bool force) {
  std::vector<std::string> words = {"slipwayd", "restore", file};
  if (!data.empty()) words.insert(words.end(), {"--data", data});
  if (force) words.emplace_back("--force");
  std::vector<char*> arguments;
  arguments.reserve(words.size() + 1);
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  ::execvp("slipwayd", arguments.data());
  return fail(Error::Kind::not_found, std::string("slipwayd: ") + std::strerror(errno),
              "run this on the daemon's machine, or in its container: slipwayd restore FILE");
}

}  // namespace

void add_admin_restore(CLI::App& parent, Session& session) {
  CLI::App* verb =
      parent.add_subcommand("restore", "put a backup into a data folder of this machine: slipwayd restore");
  auto file = std::make_shared<std::string>();
  auto data = std::make_shared<std::string>();
  auto force = std::make_shared<bool>(false);
  verb->add_option("FILE", *file, "what 'slipway admin backup' wrote")->required();
  verb->add_option("--data", *data, "the data folder (else as slipwayd's environment or settings say)");
  verb->add_flag("--force", *force, "also over a database that is there; it is kept in a folder beside");
  verb->callback([&session, file, data, force] { session.finish(admin_restore(*file, *data, *force)); });
}

}  // namespace slipway::cli
