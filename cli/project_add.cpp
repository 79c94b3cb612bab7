#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "cli/session.hpp"
#include "cli/standard_input.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct ProjectOptions {
  std::string name, clone_url, branch, forge, forge_url, pipeline_file, fork_policy, username;
  std::string password_file, ssh_key_file, forge_token_file;
  int max_runs = 0;
  bool supersede = false;
  bool hook_secret_stdin = false;
};

/// Puts the content of `path` into body[key]; an empty path is no file.
Result<void> add_file(Json& body, const char* key, const std::string& path, bool keep_line_end) {
  if (path.empty()) return {};
  Result<std::string> text = read_file(path, 1 << 20);
  if (!text) return fail(text.error());
  body[key] = keep_line_end ? *text : without_line_end(*text);
  return {};
}

Result<Json> project_request(const ProjectOptions& options) {
  Json body = {{"name", options.name}, {"clone_url", options.clone_url}};
  const std::pair<const char*, const std::string&> texts[] = {
      {"default_branch", options.branch},   {"forge", options.forge},
      {"forge_url", options.forge_url},     {"pipeline_file", options.pipeline_file},
      {"fork_policy", options.fork_policy}, {"clone_username", options.username}};
  for (const auto& [key, value] : texts) {
    if (!value.empty()) body[key] = value;
  }
  if (options.supersede) body["supersede"] = true;
  if (options.max_runs > 0) body["max_runs"] = options.max_runs;
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

Result<Exit> project_add(Session& session, const ProjectOptions& options) {
  const Result<Json> body = project_request(options);
  if (!body) return fail(body.error());
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> made = (*api)->post("/api/v1/projects", *body);
  if (!made) return fail(made.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*made, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  fmt::print("hook URL     {}\n", text_at(*made, "hook_url"));
  const std::string secret = text_at(*made, "hook_secret");
  if (!secret.empty()) fmt::print("hook secret  {}   (shown this once)\n", secret);
  tell(session, "set both in the forge; then each push makes a run");
  return Exit::ok;
}

}  // namespace

void add_project_add(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("add", "register a repository; prints the webhook's URL and secret");
  auto o = std::make_shared<ProjectOptions>();
  verb->add_option("NAME", o->name, "a-z, 0-9, '-', '_', '.'")->required();
  verb->add_option("--clone-url", o->clone_url, "https://, ssh:// or user@host:path; without credentials")->required();
  verb->add_option("--branch", o->branch, "the default branch (else main)");
  verb->add_option("--forge", o->forge, "github, gitlab, gitea, forgejo, bitbucket or none: where commit statuses go");
  verb->add_option("--forge-url", o->forge_url,
                   "base URL of the API of a forge of your own (https://gitlab.example/api/v4)");
  verb->add_option("--forge-token-file", o->forge_token_file, "file with the token for commit statuses");
  verb->add_option("--clone-username", o->username, "user for https clones");
  verb->add_option("--clone-password-file", o->password_file, "file with the password or token for https clones");
  verb->add_option("--ssh-key-file", o->ssh_key_file, "file with the private key for ssh clones");
  verb->add_option("--pipeline-file", o->pipeline_file, "the pipeline's path in the repository (else slipway.yml)");
  verb->add_option("--fork-policy", o->fork_policy, "what pull requests from forks get: run, approve or ignore")
      ->check(CLI::IsMember({"run", "approve", "ignore"}));
  verb->add_option("--max-runs", o->max_runs, "runs at the same time")->check(CLI::Range(1, 1000));
  verb->add_flag("--supersede", o->supersede, "a newer run of the same branch cancels the older one");
  verb->add_flag("--hook-secret-stdin", o->hook_secret_stdin,
                 "take the hook's secret from standard input (else one is made)");
  add_output_flags(*verb, session);
  verb->callback([&session, o] { session.finish(project_add(session, *o)); });
}

}  // namespace slipway::cli
