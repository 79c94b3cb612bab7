#include "orchestrator/rollouts/host_lease.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "orchestrator/rollouts/labels.hpp"

namespace slipway::rollouts {
namespace {

struct Mark {
  std::string volume;
  std::int64_t fence = 0;
  std::string holder;
};

Mark mark_of(const docker::Volume& volume) {
  Mark mark{volume.name, 0, label_of(volume.labels, label::holder)};
  const std::string fence = label_of(volume.labels, label::fence);
  std::from_chars(fence.data(), fence.data() + fence.size(), mark.fence);
  return mark;
}

awaitable<Result<std::vector<Mark>>> marks_of(docker::Engine* engine, std::string application) {
  docker::Filters filters;
  filters.label(std::string(label::lease), application);
  auto volumes = co_await engine->volumes().list(std::move(filters));
  if (!volumes) co_return fail(volumes.error());
  std::vector<Mark> marks;
  for (const docker::Volume& volume : *volumes) marks.push_back(mark_of(volume));
  co_return marks;
}

docker::VolumeSpec mark_for(const HostLease& lease) {
  docker::VolumeSpec spec;
  spec.name = "slipway-lease-" + lease.application + "-" + std::to_string(lease.fence);
  spec.labels = {{std::string(label::application), lease.application},
                 {std::string(label::lease), lease.application},
                 {std::string(label::fence), std::to_string(lease.fence)},
                 {std::string(label::holder), lease.holder}};
  return spec;
}

bool is_anothers(const Mark& mark, const HostLease& lease) {
  return mark.fence > lease.fence || (mark.fence == lease.fence && mark.holder != lease.holder);
}

Error taken(const Mark& mark, const HostLease& lease) {
  return in_other_hands(lease.application, mark.fence, lease.fence);
}

}  // namespace

Error in_other_hands(const std::string& application, std::int64_t theirs, std::int64_t ours) {
  return {Error::Kind::conflict,
          "application " + application + " is in the hands of another slipwayd: its lease is " +
              std::to_string(theirs) + ", this one's " + std::to_string(ours),
          "let only one of them look after it"};
}

awaitable<Result<HostMark>> newest_mark(docker::Engine* engine, std::string application) {
  auto marks = co_await marks_of(engine, std::move(application));
  if (!marks) co_return fail(marks.error());
  HostMark newest;
  for (const Mark& mark : *marks) {
    if (mark.fence > newest.fence) newest = {mark.fence, mark.holder};
  }
  co_return newest;
}

awaitable<Result<std::int64_t>> newest_fence(docker::Engine* engine, std::string application) {
  auto mark = co_await newest_mark(engine, std::move(application));
  if (!mark) co_return fail(mark.error());
  co_return mark->fence;
}

awaitable<Result<void>> hold_host(docker::Engine* engine, HostLease lease) {
  auto marks = co_await marks_of(engine, lease.application);
  if (!marks) co_return fail(marks.error());
  bool ours = false;
  for (const Mark& mark : *marks) {
    if (is_anothers(mark, lease)) co_return fail(taken(mark, lease));
    ours = ours || mark.fence == lease.fence;
  }
  if (ours) co_return Result<void>();
  auto made = co_await engine->volumes().create(mark_for(lease));
  if (!made) co_return fail(made.error().in("mark the lease"));
  if (const Mark mark = mark_of(*made); is_anothers(mark, lease)) co_return fail(taken(mark, lease));
  for (const Mark& older : *marks) {
    auto removed = co_await engine->volumes().remove(older.volume);
    if (!removed && removed.error().transient()) co_return removed;
  }
  co_return Result<void>();
}

}  // namespace slipway::rollouts
