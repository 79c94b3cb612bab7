#pragma once
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace slipway::cli {

/// What may come next after `words` (the last one being typed, perhaps empty): verbs and flags that start with it.
std::vector<std::string> completions(const CLI::App& root, const std::vector<std::string>& words);

/// The script that hooks `slipway __complete` into bash, zsh or fish; empty for another shell.
std::string completion_script(const std::string& shell);

}  // namespace slipway::cli
