#include "orchestrator/rollouts/once.hpp"

#include <algorithm>

#include "orchestrator/rollouts/evidence.hpp"
#include "orchestrator/rollouts/file_grants.hpp"
#include "orchestrator/rollouts/labels.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_output = 16 << 10;
constexpr std::int64_t most_lines_told = 100;
constexpr Milliseconds container_interval{200};
constexpr Milliseconds longest_call{60'000};
constexpr Milliseconds same_moment{1000};

std::string too_long(const OneShot& what) {
  return "it took longer than " + pipelines::format_duration(what.timeout);
}

std::string exit_trouble(int code) {
  return code == 0 ? std::string() : "it ended with exit code " + std::to_string(code);
}

}  // namespace

awaitable<Result<void>> Once::run(OneShot what) {
  auto note = journal_.noted(what.key);
  if (!note) {
    auto made = co_await make(what);
    if (!made && made.error().transient()) co_return fail(made.error());
    note.emplace();
    note->until = clock_.now() + what.timeout;
    note->ended = !made;
    if (made) note->id = *made;
    if (!made) note->trouble = made.error().message;
    if (auto kept = co_await journal_.note(what.key, *note); !kept) co_return kept;
  }
  if (!note->ended) {
    Trouble trouble = std::string();
    if (what.container.empty()) {
      trouble = co_await finish_exec(what, *note);
    } else {
      trouble = co_await finish_container(what, *note);
    }
    if (!trouble) co_return fail(trouble.error());
    note->ended = true;
    note->trouble = *trouble;
    if (auto kept = co_await journal_.note(what.key, *note); !kept) co_return kept;
  }
  if (!what.container.empty()) {
    docker::RemoveContainer how;
    how.force = how.volumes = true;
    auto removed = co_await site_.engine->containers().remove(what.container, how);
    if (!removed) co_return removed;
  }
  if (note->trouble.empty()) co_return Result<void>();
  co_return fail(Error::Kind::failed, what.title + ": " + note->trouble);
}

awaitable<Result<std::string>> Once::make(OneShot what) {
  if (what.container.empty()) co_return co_await make_exec(std::move(what));
  co_return co_await make_container(std::move(what));
}

awaitable<Result<std::string>> Once::make_container(OneShot what) {
  if (auto ready = co_await work_.prepare(what.target); !ready) co_return fail(ready.error());
  const Service* service = what.target->service(what.service);
  const Release* release = what.target->spec.find(what.service);
  if (service == nullptr || release == nullptr) {
    co_return fail(Error::Kind::not_found, "the generation has no service " + what.service);
  }
  if (auto granted = check_granted(*what.target, *service); !granted && !what.old) co_return fail(granted.error());
  docker::ContainerSpec spec = one_shot_spec(what.target->application, *service, release->image, what.run, maker_);
  spec.name = what.container;
  spec.labels[std::string(label::hook)] = what.label;
  auto named = co_await site_.engine->containers().create_or_find(std::move(spec));
  if (!named) co_return fail(named.error());
  // Found: an answer was lost on its way, or a process died before it noted the container, which has not started then.
  if (named->found) {
    const bool ours = label_of(named->found->config.labels, label::rollout) == std::to_string(maker_.rollout);
    if (!ours || named->found->state.started_at) {
      co_return fail(Error::Kind::conflict, "the name " + what.container + " is taken by another container");
    }
  }
  if (auto filled = co_await work_.fill(named->id, *service, what.target); !filled) co_return fail(filled.error());
  co_return named->id;
}

awaitable<Result<std::string>> Once::make_exec(OneShot what) {
  auto container = co_await work_.running_container(what.target, what.service);
  if (!container) co_return fail(container.error());
  docker::ExecSpec spec(what.run);
  co_return co_await site_.engine->exec().create(*container, std::move(spec));
}

awaitable<Once::Trouble> Once::finish_container(OneShot what, OnceNote note) {
  docker::Containers& containers = site_.engine->containers();
  auto there = co_await containers.inspect(note.id);
  if (!there && there.error().kind == Error::Kind::not_found) {
    co_return std::string("its container was removed by somebody, and what became of it is unknown");
  }
  if (!there) co_return fail(there.error());
  if (!there->state.started_at) {
    auto counted = co_await count_from_now(what, note);
    if (!counted) co_return fail(counted.error());
    note = std::move(*counted);
    auto started = co_await containers.start(note.id);
    if (!started && started.error().transient()) co_return fail(started.error());
    if (!started) co_return "it can't be started: " + started.error().message;
  }
  if (auto ended = co_await wait_for_exit(note.id, note.until); !ended) co_return fail(ended.error());
  there = co_await containers.inspect(note.id);
  if (!there) co_return fail(there.error());
  co_await tell_log(what, note.id);
  if (!there->state.running) {
    co_return there->state.oom_killed ? std::string("it ran out of memory") : exit_trouble(there->state.exit_code);
  }
  auto stopped = co_await containers.kill(note.id);
  if (!stopped && stopped.error().transient()) co_return fail(stopped.error());
  co_return too_long(what);
}

/// What was noted just now is left as it is. A process that died in between, or a host that was away, may have had it
/// wait for longer than it may take.
awaitable<Result<OnceNote>> Once::count_from_now(OneShot what, OnceNote note) {
  const Time until = clock_.now() + what.timeout;
  if (until - note.until < same_moment) co_return note;
  note.until = until;
  auto kept = co_await journal_.note(what.key, note);
  if (!kept) co_return fail(kept.error());
  co_return note;
}

/// The Engine's word that it has waited is a hint: it says so, too, when it is stopped itself.
awaitable<Result<void>> Once::wait_for_exit(std::string id, Time until) {
  while (left(until).count() > 0) {
    auto waited =
        co_await with_deadline(std::min(left(until), longest_call), site_.engine->containers().wait(id), "it");
    if (!waited && waited.error().kind != Error::Kind::timeout) co_return fail(waited.error());
    auto there = co_await site_.engine->containers().inspect(id);
    if (!there) co_return fail(there.error());
    if (!there->state.running) co_return Result<void>();
    co_await sleep_for(container_interval);
  }
  co_return Result<void>();
}

awaitable<Once::Trouble> Once::finish_exec(OneShot what, OnceNote note) {
  docker::Exec& exec = site_.engine->exec();
  auto state = co_await exec.inspect(note.id);
  if (!state && state.error().kind == Error::Kind::not_found) {
    co_return std::string("its container or Engine was restarted, and what became of it is unknown");
  }
  if (!state) co_return fail(state.error());
  if (!state->running && !state->exit_code) {
    auto counted = co_await count_from_now(what, note);
    if (!counted) co_return fail(counted.error());
    note = std::move(*counted);
    auto ended = co_await with_deadline(left(note.until), exec.carry_out(note.id, false, most_output), "it");
    if (!ended && ended.error().kind == Error::Kind::timeout) co_return too_long(what);
    if (!ended && ended.error().transient()) co_return fail(ended.error());
    if (!ended) co_return ended.error().message;
    tell(what, ended->output);
    co_return exit_trouble(ended->exit_code);
  }
  // An earlier process began it: its output went there.
  while (state->running && left(note.until).count() > 0) {
    co_await sleep_for(container_interval);
    state = co_await exec.inspect(note.id);
    if (!state) co_return fail(state.error());
  }
  co_return state->exit_code ? exit_trouble(*state->exit_code) : too_long(what);
}

awaitable<void> Once::tell_log(OneShot what, std::string id) {
  auto output = co_await log_tail(site_.engine->containers(), id, most_lines_told, most_output);
  if (output) tell(what, *output);
}

void Once::tell(const OneShot& what, const std::string& output) const {
  if (!say_) return;
  const std::string text = printable(output);
  std::size_t lines = 0;
  for (std::size_t begin = 0; begin < text.size() && lines < most_lines_told; ++lines) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    say_("host " + site_.host + ": " + what.title + ": " + text.substr(begin, end - begin));
    begin = end + 1;
  }
}

awaitable<Result<void>> Once::sweep(std::string application) {
  docker::ListContainers all;
  all.filters.label(std::string(label::instance), maker_.instance);
  all.filters.label(std::string(label::application), application);
  all.filters.label(std::string(label::hook));
  auto listed = co_await site_.engine->containers().list(std::move(all));
  if (!listed) co_return fail(listed.error().in("list the containers of hooks"));
  for (const docker::ContainerSummary& one : *listed) {
    docker::RemoveContainer how;
    how.force = how.volumes = true;
    auto removed = co_await site_.engine->containers().remove(one.id, how);
    if (!removed) co_return fail(removed.error().in("remove " + one.name));
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts
