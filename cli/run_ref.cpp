#include "cli/run_ref.hpp"

#include <algorithm>
#include <thread>

#include <CLI/App.hpp>
#include <boost/asio/io_context.hpp>
#include <nlohmann/json.hpp>

#include "base/process.hpp"

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

}  // namespace

std::shared_ptr<RunRef> add_run_ref(CLI::App& verb, Session& session) {
  auto ref = std::make_shared<RunRef>();
  auto* number = verb.add_option("RUN", ref->number, "the run's number")->check(CLI::PositiveNumber);
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
  if (ref.number != 0) return ref.number;
  if (ref.commit.empty()) return fail(Error::Kind::invalid, "which run?", "give its number, or --commit");
  const Result<std::string> commit = resolve_commit(ref.commit);
  if (!commit) return fail(commit.error());
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const auto until = std::chrono::steady_clock::now() + patience;
  for (;;) {
    const Result<Json> page = (*api)->get_patiently(
        "/api/v1/runs", {{"project", resolve_project(session.flags)}, {"commit", *commit}, {"limit", "1"}}, {});
    if (!page) return fail(page.error());
    const Json& items = value_at(*page, "items");
    if (items.is_array() && !items.empty()) return number_at(items[0], "id");
    if (std::chrono::steady_clock::now() >= until) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  return fail(Error::Kind::not_found, "there is no run of commit " + *commit,
              "'slipway delivery list' shows whether the push arrived");
}

}  // namespace slipway::cli
