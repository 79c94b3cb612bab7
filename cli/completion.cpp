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

/// The option of the verb, or of those above, that is called so ("--state", "-s").
const CLI::Option* option_called(const CLI::App& verb, const std::string& name) {
  for (const CLI::App* app = &verb; app; app = app->get_parent()) {
    for (const CLI::Option* option : app->get_options()) {
      if (name.starts_with('-') && option->check_name(name)) return option;
    }
  }
  return nullptr;
}

/// What stands between braces in the option's help: "TEXT:{queued,running}". A list that ends in "…" is not all of
/// them.
std::vector<std::string> values_of(const CLI::Option* option) {
  std::vector<std::string> values;
  const std::string type = option ? option->get_type_name() : "";
  auto at = type.find('{');
  const auto end = type.find('}', std::min(at, type.size()));
  while (at < end && end != std::string::npos) {
    const auto next = std::min(type.find(',', at + 1), end);
    std::string value = type.substr(at + 1, next - at - 1);
    if (value != "…") values.push_back(std::move(value));
    at = next;
  }
  return values;
}

/// Behind "--state" the values alone; of "--state=" both, as one word, or bash's three.
std::vector<std::string> offered_values(const CLI::App& verb, std::vector<std::string> before, std::string typed) {
  std::string prefix;
  const auto equals = typed.find('=');
  if (typed.starts_with("--") && equals != std::string::npos) {
    before.push_back(typed.substr(0, equals));
    prefix = typed.substr(0, equals + 1);
    typed.erase(0, equals + 1);
  } else if (typed == "=") {
    typed.clear();
  } else if (!before.empty() && before.back() == "=") {
    before.pop_back();
  }
  std::vector<std::string> found;
  if (before.empty()) return found;
  for (const std::string& value : values_of(option_called(verb, before.back()))) {
    if (value.starts_with(typed)) found.push_back(prefix + value);
  }
  return found;
}

}  // namespace

std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words) {
  const CLI::App* at = &root;
  for (std::size_t i = 0; i + 1 < words.size(); ++i) {
    if (const CLI::App* next = child(*at, words[i])) at = next;
  }
  const std::string typed = words.empty() ? "" : words.back();
  const std::vector<std::string> before(words.begin(), words.empty() ? words.begin() : words.end() - 1);
  std::vector<std::string> found = offered_values(*at, before, typed);
  if (!found.empty()) return found;
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
