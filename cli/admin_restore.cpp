#include <cerrno>
#include <cstring>

#include <CLI/App.hpp>
#include <unistd.h>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct RestoreOrder {
  std::string file, config, data;
  bool force = false;
};

/// The daemon's own program does it, in place of this one: it alone knows its data, and it must not be running.
Result<Exit> admin_restore(const RestoreOrder& order) {
  std::vector<std::string> words = {"slipwayd", "restore", order.file};
  if (!order.config.empty()) words.insert(words.end(), {"--config", order.config});
  if (!order.data.empty()) words.insert(words.end(), {"--data", order.data});
  if (order.force) words.emplace_back("--force");
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
  auto order = std::make_shared<RestoreOrder>();
  verb->add_option("FILE", order->file, "what 'slipway admin backup' wrote")->required();
  verb->add_option("--config", order->config, "slipwayd's settings file, if it is started with one by --config");
  verb->add_option("--data", order->data, "the data folder (else as slipwayd's environment or settings say)");
  verb->add_flag("--force", order->force, "also over a database that is there; it is kept in a folder beside");
  verb->callback([&session, order] { session.finish(admin_restore(*order)); });
}

}  // namespace slipway::cli
