#include "cli/completion.hpp"

#include <algorithm>

#include <CLI/App.hpp>
#include <fmt/format.h>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

// All name the program before the words: CLI11 would take a "--" that stands first for its own.
constexpr const char* bash_script = R"(_slipway() {
  local IFS=$'\n'
  COMPREPLY=($(slipway __complete slipway "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o default -F _slipway slipway
)";

constexpr const char* zsh_script = R"(#compdef slipway
_slipway() {
  local -a found
  found=("${(@f)$(slipway __complete slipway "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  compadd -a found
}
compdef _slipway slipway
[ "$funcstack[1]" != _slipway ] || _slipway  # loaded from a file of fpath by the first use, which it then serves, too
)";

constexpr const char* fish_script =
    R"(complete -c slipway -f -a '(slipway __complete slipway (commandline -opc)[2..-1] (commandline -ct) 2>/dev/null)'
)";

const CLI::App* child(const CLI::App& app, const std::string& name) {
  for (const CLI::App* sub : app.get_subcommands({})) {
    if (sub->get_name() == name) return sub;
  }
  return nullptr;
}

}  // namespace

std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* at = &root;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (const CLI::App* next = child(*at, words[i])) at = next;
  }
  const std::string typed = words.empty() ? "" : words.back();
  std::vector<std::string> found;
  const auto offer = [&](const std::string& candidate) {
    const bool again = std::find(found.begin(), found.end(), candidate) != found.end();  // each verb has its own --help
    if (!candidate.empty() && candidate.starts_with(typed) && !again) found.push_back(candidate);
  };
  if (!typed.starts_with('-')) {
    for (const CLI::App* sub : at->get_subcommands({})) {
      if (!sub->get_name().starts_with("__")) offer(sub->get_name());
    }
    return found;
  }
  for (const CLI::App* app = at; app; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      for (const std::string& name : option->get_lnames()) offer("--" + name);
    }
  }
  return found;
}

std::string completion_script(const std::string& shell) {
  if (shell == "bash") return bash_script;
  if (shell == "zsh") return zsh_script;
  if (shell == "fish") return fish_script;
  return {};
}

void add_completion(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("completion", "print the completion script for bash, zsh or fish");
  auto shell = std::make_shared<std::string>();
  verb->add_option("SHELL", *shell, "bash, zsh or fish")->required()->check(CLI::IsMember({"bash", "zsh", "fish"}));
  verb->callback([&session, shell] {
    fmt::print("{}", completion_script(*shell));
    session.finish(Exit::ok);
  });

  CLI::App* complete = parent.add_subcommand("__complete", "")->group("");
  complete->prefix_command()->fallthrough(false);
  complete->set_help_flag();
  complete->callback([&session, complete, &parent] {
    std::vector<std::string> words = complete->remaining();
    if (!words.empty() && words.front() == "slipway")
      words.erase(words.begin());  // scripts of earlier releases lack it
    for (const std::string& word : completions(parent, words)) fmt::print("{}\n", word);
    session.finish(Exit::ok);
  });
}

}  // namespace slipway::cli
