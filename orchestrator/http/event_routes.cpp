#include <nlohmann/json.hpp>

#include "orchestrator/http/backend.hpp"
#include "orchestrator/http/page.hpp"
#include "orchestrator/http/render.hpp"
#include "orchestrator/http/sse.hpp"

namespace slipway::http {
namespace {

struct Batch {
  std::vector<std::pair<store::Event, std::string>> events;  ///< with their projects' names
  std::int64_t reached = 0;                                  ///< where to go on
  bool over = false;                                         ///< the run they are of has finished
};

Result<Batch> read_batch(store::Transaction& tx, const store::EventFilter& filter) {
  Result<store::EventsSince> since = store::Events(tx).since(filter);
  if (!since) return fail(since.error());
  Batch batch;
  batch.reached = since->reached;
  ProjectNames names(tx);
  for (store::Event& event : since->items) {
    std::string project = names.of(event.project);
    batch.events.emplace_back(std::move(event), std::move(project));
  }
  if (!filter.run) return batch;
  // In the same transaction as the events: none of a finished run can be missed.
  const Result<store::Run> run = store::Runs(tx).get(filter.run);
  if (!run) return fail(run.error());
  batch.over = run->state == store::RunState::finished;
  return batch;
}

awaitable<Result<std::int64_t>> newer_than(store::Store& store, std::int64_t seen) {
  co_return co_await store.next_event(seen);
}

/// Events as they are committed. Keeps no queue: it asks the store for what comes after the last one it looked at.
class EventStream final : public Stream {
 public:
  EventStream(store::Store& store, store::EventFilter filter) : store_(store), filter_(std::move(filter)) {}

  awaitable<Result<std::string>> next() override {
    while (true) {
      const std::int64_t newest = store_.newest_event();
      auto work = [filter = filter_](store::Transaction& tx) { return read_batch(tx, filter); };
      Result<Batch> batch = co_await store_.read(std::move(work));
      if (!batch) co_return fail(batch.error());
      filter_.after = batch->reached;
      if (!batch->events.empty()) co_return text_of(*batch);
      if (batch->over) co_return std::string();
      auto waiting = newer_than(store_, newest);
      const auto woken = co_await with_deadline(heartbeat, std::move(waiting), "waiting for events");
      if (!woken) co_return sse_comment();
    }
  }

 private:
  static std::string text_of(const Batch& batch) {
    std::string out;
    for (const auto& [event, project] : batch.events) {
      out += sse_event(std::to_string(event.seq), event.kind, dump_json(render(event, project)));
    }
    return out;
  }

  store::Store& store_;
  store::EventFilter filter_;
};

awaitable<Result<Response>> answer(Backend& backend, Request request, store::EventFilter filter, bool from_now) {
  const auto after = resume_point(request, "after");
  if (!after) co_return fail(after.error());
  filter.after = after->value_or(0);
  if (request.accepts("text/event-stream")) {
    if (from_now && !*after) filter.after = backend.store.newest_event();
    std::unique_ptr<Stream> stream = std::make_unique<EventStream>(backend.store, std::move(filter));
    co_return stream_response(std::move(stream));
  }
  auto work = [filter](store::Transaction& tx) { return read_batch(tx, filter); };
  const Result<Batch> batch = co_await backend.store.read(std::move(work));
  if (!batch) co_return fail(batch.error());
  Json rows = Json::array();
  for (const auto& [event, project] : batch->events) rows.push_back(render(event, project));
  const bool more = batch->events.size() == filter.limit;
  co_return json_response(render_page(std::move(rows), more ? batch->events.back().first.seq : 0));
}

awaitable<Result<Response>> all_events(Backend& backend, Request request) {
  store::EventFilter filter;
  if (const auto name = request.argument("project")) {
    const Result<store::Project> project = co_await backend.store.read(&store::Projects::find, *name);
    if (!project) co_return fail(project.error());
    filter.project = project->id;
  }
  co_return co_await answer(backend, std::move(request), std::move(filter), true);
}

awaitable<Result<Response>> run_events(Backend& backend, Request request) {
  const Result<std::int64_t> id = request.id_parameter("run");
  if (!id) co_return fail(id.error());
  store::EventFilter filter;
  filter.run = RunId(*id);
  // A stream of a run that is not there should be a 404, not a stream that breaks off.
  const Result<store::Run> run = co_await backend.store.read(&store::Runs::get, filter.run);
  if (!run) co_return fail(run.error());
  co_return co_await answer(backend, std::move(request), std::move(filter), false);
}

}  // namespace

void add_event_routes(Router& router, Backend& backend) {
  using store::Role;
  router.add({"GET", "/api/v1/events", Role::viewer, [&](Request r) { return all_events(backend, std::move(r)); }});
  router.add(
      {"GET", "/api/v1/runs/{run}/events", Role::viewer, [&](Request r) { return run_events(backend, std::move(r)); }});
}

}  // namespace slipway::http
