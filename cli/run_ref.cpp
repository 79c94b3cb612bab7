#include "cli/run_ref.hpp"

#include <algorithm>
#include <thread>

#include <CLI/App.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "base/process.hpp"
#include "cli/number_check.hpp"

namespace slipway::cli {
namespace {

bool is_commit_id(const std::string& name) {
  return name.size() >= 7 && name.size() <= 64 && name.find_first_not_of("0123456789abcdef") == std::string::npos;
}

Result<ProcessOutcome> run_git(std::vector<std::string> words) {
  asio::io_context io;
  std::optional<Result<ProcessOutcome>> outcome;
  asio::co_spawn(io, run_process(ProcessSpec("git", std::move(words))),
                 [&](std::exception_ptr, Result<ProcessOutcome> result) { outcome.emplace(std::move(result)); });
  io.run();
  return *outcome;
}

Result<Json> list_runs(const Api& api, Query query) {
  const Result<Json> page = api.get_patiently("/api/v1/runs", std::move(query), {});
  if (!page) return fail(page.error());
  return value_at(*page, "items");
}

/// The newest run of the project that may turn out to be of any commit: one by hand gets its own when it begins. 0:
/// there is none.
std::int64_t newest_without_commit(const Json& runs, const std::string& project) {
  for (const Json& run : runs) {
    const std::string state = text_at(run, "state");
    const bool is_to_get_one = text_at(run, "commit").empty() && (state == "queued" || state == "preparing");
    if (is_to_get_one && text_at(run, "project") == project) return number_at(run, "id");
  }
  return 0;
}

/// Waited long enough: an ended run must not pass for one that was asked for after it.
Result<std::int64_t> decide(const std::string& commit, const Json& found, std::int64_t open) {
  const std::int64_t number = number_at(found, "id");
  if (number != 0 && (open < number || text_at(found, "state") != "finished")) return number;
  if (number == 0) {
    return fail(Error::Kind::not_found, "there is no run of commit " + commit,
                "'slipway delivery list' shows whether the push arrived");
  }
  const std::string newer = std::to_string(open);
  return fail(Error::Kind::conflict,
              "run " + std::to_string(number) + " of the commit has ended, but run " + newer +
                  " has no commit yet and may be of the same",
              "slipway run watch " + newer);
}

}  // namespace

std::shared_ptr<RunRef> add_run_ref(CLI::App& verb, Session& session) {
  auto ref = std::make_shared<RunRef>();
  auto* number = verb.add_option("RUN", ref->number, "the run's number")
                     ->check(number_check("a run's number", "slipway run list"));
  verb.add_option("--commit", ref->commit,
                  "the newest run of this commit; HEAD and other names are resolved by git here")
      ->excludes(number);
  add_project_flag(verb, session);
  return ref;
}

Result<std::string> resolve_commit(const std::string& name) {
  if (is_commit_id(name)) return name;
  if (name.empty() || name.starts_with('-')) return fail(Error::Kind::invalid, "'" + name + "' names no commit");
  const Result<ProcessOutcome> git = run_git({"rev-parse", "--verify", "--quiet", name + "^{commit}"});
  if (!git) return fail(git.error());
  if (git->exit_code != 0) {
    return fail(Error::Kind::invalid, "git knows no commit '" + name + "' in this folder", "give the commit's id");
  }
  return git->output.substr(0, git->output.find('\n'));
}

Result<std::int64_t> find_run(Session& session, const RunRef& ref, std::chrono::milliseconds patience) {
  const bool none = ref.number == 0 && ref.commit.empty();
  if (none) return fail(session.misuse({Error::Kind::invalid, "which run?", "give its number, or --commit"}));
  const Result<Api*> api = session.api();  // who has the number will ask it
  if (!api) return fail(api.error());
  if (ref.number != 0) return ref.number;
  const Result<std::string> commit = resolve_commit(ref.commit);
  if (!commit) return fail(commit.error());
  const Result<std::string> project = resolve_project(session.flags);
  if (!project) return fail(project.error());
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    // Asked for first: one that gets its commit in between is found by that.
    Result<Json> newest = Json::array();
    if (patience.count() > 0) newest = list_runs(**api, {{"project", *project}, {"limit", "50"}});
    if (!newest) return fail(newest.error());
    const Result<Json> of_commit = list_runs(**api, {{"project", *project}, {"commit", *commit}, {"limit", "1"}});
    if (!of_commit) return fail(of_commit.error());
    const Json found = of_commit->is_array() && !of_commit->empty() ? of_commit->front() : Json::object();
    const std::int64_t open = newest_without_commit(*newest, text_at(found, "project"));
    const bool is_clear = number_at(found, "id") > open;
    if (is_clear || std::chrono::steady_clock::now() >= until) return decide(*commit, found, open);
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
}

}  // namespace slipway::cli
