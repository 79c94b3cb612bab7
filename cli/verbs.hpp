#pragma once
#include <string>

namespace CLI {
class App;
}

/// One function a verb, each in the file of its name: adds the sub-command to `parent` and says what it does.
namespace slipway::cli {

class Session;

void add_run_list(CLI::App& parent, Session& session);
void add_run_view(CLI::App& parent, Session& session);
void add_run_watch(CLI::App& parent, Session& session);
void add_run_logs(CLI::App& parent, Session& session);
void add_run_cancel(CLI::App& parent, Session& session);
void add_run_rerun(CLI::App& parent, Session& session);
void add_run_approve(CLI::App& parent, Session& session);

void add_app_list(CLI::App& parent, Session& session);
void add_app_status(CLI::App& parent, Session& session);
void add_app_approve(CLI::App& parent, Session& session);
void add_app_audit(CLI::App& parent, Session& session);
void add_app_adopt(CLI::App& parent, Session& session);
void add_app_drift(CLI::App& parent, Session& session);
void add_app_history(CLI::App& parent, Session& session);
void add_app_rollback(CLI::App& parent, Session& session);
void add_app_redeploy(CLI::App& parent, Session& session);
void add_app_pause(CLI::App& parent, Session& session);
void add_app_resume(CLI::App& parent, Session& session);
void add_app_stop(CLI::App& parent, Session& session);
void add_app_promote(CLI::App& parent, Session& session);
void add_app_logs(CLI::App& parent, Session& session);

void add_project_add(CLI::App& parent, Session& session);
void add_project_edit(CLI::App& parent, Session& session);
void add_project_list(CLI::App& parent, Session& session);
void add_project_remove(CLI::App& parent, Session& session);

void add_secret_set(CLI::App& parent, Session& session);
void add_secret_list(CLI::App& parent, Session& session);
void add_secret_remove(CLI::App& parent, Session& session);

void add_token_create(CLI::App& parent, Session& session);
void add_token_list(CLI::App& parent, Session& session);
void add_token_revoke(CLI::App& parent, Session& session);

void add_delivery_list(CLI::App& parent, Session& session);
void add_delivery_view(CLI::App& parent, Session& session);
void add_delivery_replay(CLI::App& parent, Session& session);

void add_admin_audit(CLI::App& parent, Session& session);
void add_admin_backup(CLI::App& parent, Session& session);
void add_admin_restore(CLI::App& parent, Session& session);

void add_host_list(CLI::App& parent, Session& session);
void add_trigger(CLI::App& parent, Session& session);
void add_lint(CLI::App& parent, Session& session);
void add_login(CLI::App& parent, Session& session);
void add_version(CLI::App& parent, Session& session);
void add_completion(CLI::App& parent, Session& session);

/// Every verb of `slipway`, below `root`.
void add_all_verbs(CLI::App& root, Session& session);

/// After a parse that failed: "there is no 'slipway run wacth'" and what it may have been, if a word stands where a
/// noun or verb belongs and is none; else empty.
std::string unknown_word(const CLI::App& root);

}  // namespace slipway::cli
