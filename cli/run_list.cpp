#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/notices.hpp"
#include "cli/run_ref.hpp"
#include "cli/run_text.hpp"
#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct Filter {
  std::string branch, event, state, verdict, commit;
  int limit = 20;
};

std::string branch_or_tag(const Json& run) {
  return text_at(run, text_at(run, "branch").empty() ? "tag" : "branch");
}

std::string short_title(const Json& run) {
  const std::string title = text_at(run, "title").substr(0, 60);
  return title.substr(0, whole_characters(title));
}

Result<Exit> run_list(Session& session, const Filter& filter) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  std::string commit;
  if (!filter.commit.empty()) {
    Result<std::string> resolved = resolve_commit(filter.commit);
    if (!resolved) return fail(resolved.error());
    commit = *resolved;
  }
  const Result<std::string> project = resolve_project(session.flags);
  if (!project) return fail(project.error());
  const Result<Json> page = (*api)->get("/api/v1/runs", {{"project", *project},
                                                         {"branch", filter.branch},
                                                         {"event", filter.event},
                                                         {"state", filter.state},
                                                         {"verdict", filter.verdict},
                                                         {"commit", commit},
                                                         {"limit", std::to_string(filter.limit)}});
  if (!page) {
    tell_notices(session);
    return fail(page.error());
  }
  if (session.output.json) {
    if (Result<void> printed = print_json(value_at(*page, "items"), session.output); !printed)
      return fail(printed.error());
    return Exit::ok;
  }
  Table table({"RUN", "OUTCOME", "PROJECT", "EVENT", "BRANCH/TAG", "COMMIT", "TITLE", "TOOK", "WHEN"});
  for (const Json& run : value_at(*page, "items")) {
    const std::string outcome = outcome_of(run);
    table.add({std::to_string(number_at(run, "id")), outcome, text_at(run, "project"), text_at(run, "event"),
               branch_or_tag(run), text_at(run, "commit").substr(0, 10), short_title(run),
               duration_between(text_at(run, "started_at"), text_at(run, "finished_at")),
               time_ago(text_at(run, "created_at"))},
              {Style::strong, style_of(outcome)});
  }
  if (table.empty()) tell(session, "no runs");
  if (!table.empty()) fmt::print("{}", table.render(stdout_is_terminal()));
  tell_notices(session);
  return Exit::ok;
}

}  // namespace

void add_run_list(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("list", "runs, newest first");
  auto filter = std::make_shared<Filter>();
  add_project_flag(*verb, session);
  verb->add_option("-b,--branch", filter->branch, "only of this branch");
  verb->add_option("-e,--event", filter->event, "only with this trigger")
      ->check(CLI::IsMember({"push", "tag", "pull_request", "registry", "manual"}));
  verb->add_option("-s,--state", filter->state, "only in this state")
      ->check(CLI::IsMember({"queued", "waiting_approval", "preparing", "running", "finished"}));
  verb->add_option("--verdict", filter->verdict, "only with this verdict")
      ->check(CLI::IsMember({"passed", "failed", "error", "interrupted", "cancelled", "superseded", "skipped"}));
  verb->add_option("--commit", filter->commit, "only of this commit");
  add_limit_flag(*verb, filter->limit);
  add_output_flags(*verb, session);
  verb->callback([&session, filter] { session.finish(run_list(session, *filter)); });
}

}  // namespace slipway::cli
