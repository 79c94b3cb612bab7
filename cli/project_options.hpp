#pragma once
#include <optional>
#include <string>

#include "base/json.hpp"
#include "base/result.hpp"

namespace CLI {
class App;
}

namespace slipway::cli {

/// What `project add` and `project edit` say about a project; what is empty was not said.
struct ProjectOptions {
  std::string name, clone_url, branch, forge, forge_url, pipeline_file, fork_policy, username;
  std::string password_file, ssh_key_file, forge_token_file;
  std::optional<int> max_runs;
  std::optional<bool> supersede;
  bool hook_secret_stdin = false;
};

/// All but the name and the clone URL. `options` must outlive the verb.
void add_project_options(CLI::App& verb, ProjectOptions& options);

/// The request's body without the name. Reads the files, and standard input if it is to hold the hook's secret.
Result<Json> project_body(const ProjectOptions& options);

}  // namespace slipway::cli
