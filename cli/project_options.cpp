#include "cli/project_options.hpp"

#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "cli/standard_input.hpp"

namespace slipway::cli {
namespace {

/// Puts the content of `path` into body[key]; an empty path is no file.
Result<void> add_file(Json& body, const char* key, const std::string& path, bool keep_line_end) {
  if (path.empty()) return {};
  Result<std::string> text = read_file(path, 1 << 20);
  if (!text) return fail(text.error());
  body[key] = keep_line_end ? *text : without_line_end(*text);
  return {};
}

}  // namespace

void add_project_options(CLI::App& verb, ProjectOptions& o) {
  verb.add_option("--branch", o.branch, "the default branch (else main)");
  verb.add_option("--forge", o.forge, "where commit statuses go")
      ->check(CLI::IsMember({"github", "gitlab", "gitea", "forgejo", "bitbucket", "none"}));
  verb.add_option("--forge-url", o.forge_url,
                  "base URL of the API of a forge of your own (https://gitlab.example/api/v4)");
  verb.add_option("--forge-token-file", o.forge_token_file, "file with the token for commit statuses");
  verb.add_option("--clone-username", o.username, "user for https clones");
  verb.add_option("--clone-password-file", o.password_file, "file with the password or token for https clones");
  verb.add_option("--ssh-key-file", o.ssh_key_file, "file with the private key for ssh clones");
  verb.add_option("--pipeline-file", o.pipeline_file, "the pipeline's path in the repository (else slipway.yml)");
  verb.add_option("--fork-policy", o.fork_policy, "what pull requests from forks get: run, approve or ignore")
      ->check(CLI::IsMember({"run", "approve", "ignore"}));
  verb.add_option("--max-runs", o.max_runs, "runs at the same time; 0: as many as slipwayd allows a project")
      ->check(CLI::Range(0, 1000));
  verb.add_flag_callback(
      "--supersede", [&o] { o.supersede = true; }, "a newer run of the same branch cancels the older one");
  verb.add_flag_callback(
      "--no-supersede", [&o] { o.supersede = false; }, "runs of the same branch do not cancel one another");
  verb.add_flag("--hook-secret-stdin", o.hook_secret_stdin, "take the hook's secret from standard input");
}

Result<Json> project_body(const ProjectOptions& options) {
  Json body = Json::object();
  const std::pair<const char*, const std::string&> texts[] = {{"clone_url", options.clone_url},
                                                              {"default_branch", options.branch},
                                                              {"forge", options.forge},
                                                              {"forge_url", options.forge_url},
                                                              {"pipeline_file", options.pipeline_file},
                                                              {"fork_policy", options.fork_policy},
                                                              {"clone_username", options.username}};
  for (const auto& [key, value] : texts) {
    if (!value.empty()) body[key] = value;
  }
  if (options.supersede) body["supersede"] = *options.supersede;
  if (options.max_runs) body["max_runs"] = *options.max_runs;
  if (Result<void> added = add_file(body, "clone_password", options.password_file, false); !added)
    return fail(added.error());
  if (Result<void> added = add_file(body, "clone_ssh_key", options.ssh_key_file, true); !added)
    return fail(added.error());
  if (Result<void> added = add_file(body, "forge_token", options.forge_token_file, false); !added)
    return fail(added.error());
  if (options.hook_secret_stdin) {
    Result<std::string> secret = read_standard_input("pipe the hook's secret in");
    if (!secret) return fail(secret.error());
    body["hook_secret"] = without_line_end(*secret);
  }
  return body;
}

}  // namespace slipway::cli
