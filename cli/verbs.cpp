#include "cli/verbs.hpp"

#include <initializer_list>

#include <CLI/CLI.hpp>

#include "cli/output.hpp"
#include "pipelines/diagnostic.hpp"

namespace slipway::cli {
namespace {

using Add = void (*)(CLI::App&, Session&);

void add_noun(CLI::App& root, Session& session, const char* name, const char* about, std::initializer_list<Add> verbs) {
  CLI::App* noun = root.add_subcommand(name, about);
  noun->require_subcommand(1);
  for (const Add add : verbs) add(*noun, session);
}

}  // namespace

void add_all_verbs(CLI::App& root, Session& session) {
  add_noun(root, session, "run", "runs: executions of a pipeline for one commit",
           {add_run_list, add_run_view, add_run_watch, add_run_logs, add_run_cancel, add_run_rerun, add_run_approve});
  add_noun(
      root, session, "app", "applications: what runs on the hosts",
      {add_app_list, add_app_status, add_app_drift, add_app_history, add_app_logs, add_app_rollback, add_app_redeploy,
       add_app_pause, add_app_resume, add_app_stop, add_app_promote, add_app_approve, add_app_audit, add_app_adopt});
  add_noun(root, session, "project", "projects: repositories that slipway builds",
           {add_project_add, add_project_list, add_project_edit, add_project_remove});
  add_noun(root, session, "secret", "secrets of a project, given to jobs by name",
           {add_secret_set, add_secret_list, add_secret_remove});
  add_noun(root, session, "token", "API tokens", {add_token_create, add_token_list, add_token_revoke});
  add_noun(root, session, "delivery", "webhook deliveries and what was decided on them",
           {add_delivery_list, add_delivery_view, add_delivery_replay});
  add_noun(root, session, "admin", "the daemon: backups, and who changed what",
           {add_admin_backup, add_admin_restore, add_admin_audit});
  add_noun(root, session, "host", "target hosts", {add_host_list});
  for (const Add add : {add_trigger, add_lint, add_login, add_version, add_completion}) add(root, session);
}

std::string unknown_word(const CLI::App& root) {
  const CLI::App* at = &root;
  std::string command = root.get_name();
  for (auto chosen = at->get_subcommands(); !chosen.empty(); chosen = at->get_subcommands()) {
    at = chosen.front();
    command += " " + at->get_name();
  }
  std::vector<std::string_view> known;
  for (const CLI::App* verb : at->get_subcommands([](const CLI::App* one) { return !one->get_group().empty(); })) {
    known.emplace_back(verb->get_name());
  }
  const std::vector<std::string> left = root.remaining(true);
  if (known.empty() || left.empty() || left.front().starts_with('-')) return {};
  const std::string help = pipelines::suggest(left.front(), known);
  return "there is no '" + harmless(command + " " + left.front()) + "'\n         " + help;
}

}  // namespace slipway::cli
