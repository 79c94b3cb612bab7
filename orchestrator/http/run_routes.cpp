#include <algorithm>
#include <map>

#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/input.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"

namespace slipway::http {
namespace {

using store::Transaction;

bool is_commit_prefix(const std::string& text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.size() >= 4 && text.size() <= 64 && std::all_of(text.begin(), text.end(), is_hex);
}

/// Sets an enumeration from a query parameter; an unknown word is Kind::invalid.
template <class E>
Result<void> read_choice(const Request& request, const char* name, std::optional<E>& into) {
  const auto word = request.argument(name);
  if (!word) return {};
  into = store::from_name<E>(*word);
  if (into) return {};
  return fail(Error::Kind::invalid, std::string(name) + " can't be '" + word->substr(0, 40) + "'");
}

Result<store::RunFilter> read_filter(const Request& request) {
  store::RunFilter filter;
  filter.branch = request.argument("branch").value_or("");
  filter.commit = request.argument("commit").value_or("");
  if (!filter.commit.empty() && !is_commit_prefix(filter.commit)) {
    return fail(Error::Kind::invalid, "commit has to be 4 to 40 hex digits");
  }
  if (auto read = read_choice(request, "event", filter.event); !read) return fail(read.error());
  if (auto read = read_choice(request, "state", filter.state); !read) return fail(read.error());
  if (auto read = read_choice(request, "verdict", filter.verdict); !read) return fail(read.error());
  const Result<PageArguments> page = page_arguments(request);
  if (!page) return fail(page.error());
  filter.limit = page->limit;
  filter.before = RunId(page->before);
  return filter;
}

Result<Json> list_in(Transaction& tx, const std::string& project, store::RunFilter filter) {
  if (!project.empty()) {
    Result<store::Project> found = store::Projects(tx).find(project);
    if (!found) return fail(found.error());
    filter.project = found->id;
  }
  Result<store::Page<store::Run>> page = store::Runs(tx).list(filter);
  if (!page) return fail(page.error());
  ProjectNames names(tx);
  Json rows = Json::array();
  for (const store::Run& run : page->items) rows.push_back(render(run, names.of(run.project)));
  return render_page(std::move(rows), page->next);
}

awaitable<Result<Response>> list_runs(Backend& backend, Request request) {
  Result<store::RunFilter> filter = read_filter(request);
  if (!filter) co_return fail(filter.error());
  auto work = [project = request.argument("project").value_or(""), filter = *filter](Transaction& tx) {
    return list_in(tx, project, filter);
  };
  const Result<Json> page = co_await backend.store.read(std::move(work));
  if (!page) co_return fail(page.error());
  co_return json_response(*page);
}

/// The jobs with their attempts, and with the steps that they have by the plan: attempts are of begun ones only.
Json render_jobs(const store::Run& run, const std::vector<store::Job>& jobs,
                 const std::vector<store::Attempt>& attempts, const Backend& backend) {
  std::map<std::string, std::vector<std::string>> planned;
  if (backend.planned_steps) planned = backend.planned_steps(run.plan);
  Json rows = Json::array();
  for (const store::Job& job : jobs) {
    Json row = render(job, attempts);
    row["planned_steps"] = job.kind == store::JobKind::run ? planned[job.name] : std::vector<std::string>();
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<Json> detail_in(Transaction& tx, RunId id, const Backend& backend) {
  Result<store::Run> run = store::Runs(tx).get(id);
  if (!run) return fail(run.error());
  const auto jobs = store::Jobs(tx).list(id);
  if (!jobs) return fail(jobs.error());
  const auto attempts = store::Attempts(tx).list(id);
  if (!attempts) return fail(attempts.error());
  const auto builds = store::Images(tx).built_by(id);
  if (!builds) return fail(builds.error());
  const auto pushes = store::Images(tx).pushed_by(id);
  if (!pushes) return fail(pushes.error());
  const auto incidents = store::Events(tx).incidents(id);
  if (!incidents) return fail(incidents.error());
  const std::string project = ProjectNames(tx).of(run->project);
  Json detail = render(*run, project);
  detail["parameters"] = object_of(run->parameters);
  detail["jobs"] = render_jobs(*run, *jobs, *attempts, backend);
  detail["builds"] = Json::array();
  for (const store::BuiltImage& build : *builds) detail["builds"].push_back(render(build));
  detail["pushes"] = Json::array();
  for (const store::PushedImage& push : *pushes) detail["pushes"].push_back(render(push));
  detail["incidents"] = Json::array();
  for (const store::Event& incident : *incidents) detail["incidents"].push_back(render(incident, project));
  return detail;
}

awaitable<Result<Response>> get_run(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  auto work = [&backend, id = RunId(*id)](Transaction& tx) { return detail_in(tx, id, backend); };
  const Result<Json> detail = co_await backend.store.read(std::move(work));
  if (!detail) co_return fail(detail.error());
  co_return json_response(*detail);
}

awaitable<Result<Response>> trigger(Backend& backend, Request request) {
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  TriggerOrder order;
  order.project = request.parameter("project");
  order.ref = input->text("ref", 255).value_or("");
  order.commit = input->text("commit", 64).value_or("");
  order.parameters = input->texts("parameters");
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  const bool whole = order.commit.size() == 40 || order.commit.size() == 64;
  if (!order.commit.empty() && (!whole || !is_commit_prefix(order.commit))) {
    co_return fail(Error::Kind::invalid, "commit has to be a whole commit id");
  }
  const Result<RunId> run = co_await backend.actions.trigger(std::move(order), request.caller.name);
  if (!run) co_return fail(run.error());
  co_return json_response({{"id", run->value}}, 201);
}

awaitable<Result<Response>> cancel(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  const Result<void> done = co_await backend.actions.cancel(RunId(*id), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}}, 202);
}

awaitable<Result<Response>> approve_run(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  const Result<void> done = co_await backend.actions.approve(RunId(*id), request.caller.name);
  if (!done) co_return fail(done.error());
  co_return json_response({{"status", "ok"}}, 202);
}

awaitable<Result<Response>> rerun(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  Result<Input> input = Input::of(request);
  if (!input) co_return fail(input.error());
  const bool failed_only = input->flag("failed_only").value_or(false);
  if (Result<void> read = input->finish(); !read) co_return fail(read.error());
  auto work = failed_only ? backend.actions.rerun_failed(RunId(*id), request.caller.name)
                          : backend.actions.rerun(RunId(*id), request.caller.name);
  const Result<RunId> run = co_await std::move(work);
  if (!run) co_return fail(run.error());
  co_return json_response({{"id", run->value}}, 201);
}

}  // namespace

void add_run_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/runs", Role::viewer, [&](Request r) { return list_runs(backend, std::move(r)); }});
  router.add({"GET", "/api/v1/runs/{run}", Role::viewer, [&](Request r) { return get_run(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/projects/{project}/runs", Role::maintainer,
              [&](Request r) { return trigger(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/runs/{run}/cancel", Role::maintainer,
              [&](Request r) { return cancel(backend, std::move(r)); }});
  router.add({"POST", "/api/v1/runs/{run}/approve", Role::maintainer,
              [&](Request r) { return approve_run(backend, std::move(r)); }});
  router.add(
      {"POST", "/api/v1/runs/{run}/rerun", Role::maintainer, [&](Request r) { return rerun(backend, std::move(r)); }});
}

}  // namespace slipway::http
