#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace slipway::cli {

/// What may come next after `words` (those after the program's name, the last one being typed, perhaps empty): the
/// values that start with it, behind an option that has a list of them; the flags, if it starts with a dash, those of
/// the verbs above included; else the verbs. Each once.
std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words);

/// The script that hooks `slipway __complete` into bash, zsh or fish; empty for another shell.
std::string completion_script(const std::string& shell);

}  // namespace slipway::cli
