#include "images/retention.hpp"

#include <algorithm>
#include <map>

namespace slipway::images {
namespace {

using Group = std::vector<const docker::ImageSummary*>;

std::string label_of(const docker::ImageSummary& image, const std::string& name) {
  const auto found = image.labels.find(name);
  return found == image.labels.end() ? std::string() : found->second;
}

std::vector<std::string> group_of(const docker::ImageSummary& image, const RetentionPolicy& policy) {
  std::vector<std::string> values;
  values.reserve(policy.group_labels.size());
  for (const std::string& label : policy.group_labels) values.push_back(label_of(image, label));
  return values;
}

/// All names but the Engine's "<none>".
std::vector<std::string> names_of(const docker::ImageSummary& image) {
  std::vector<std::string> names;
  for (const auto* list : {&image.repo_tags, &image.repo_digests}) {
    std::copy_if(list->begin(), list->end(), std::back_inserter(names),
                 [](const std::string& name) { return name.find("<none>") == std::string::npos; });
  }
  return names;
}

bool newer(const docker::ImageSummary* a, const docker::ImageSummary* b) {
  return std::tie(a->created, a->id) > std::tie(b->created, b->id);
}

awaitable<Result<std::set<std::string>>> images_in_use(docker::Containers& containers) {
  docker::ListContainers all;
  const Result<std::vector<docker::ContainerSummary>> found = co_await containers.list(std::move(all));
  if (!found) co_return fail(found.error());
  std::set<std::string> ids;
  for (const docker::ContainerSummary& container : *found) ids.insert(container.image_id);
  co_return ids;
}

/// True if it went, false if something uses it. The last name takes the image with it.
awaitable<Result<bool>> remove_image(docker::Images& images, RetentionPlan::Removal removal) {
  std::vector<std::string> names = removal.names;
  if (names.empty()) names.push_back(removal.id);
  for (const std::string& name : names) {
    const Result<docker::Image> named = co_await images.inspect(name);
    if (!named && named.error().kind != Error::Kind::not_found) co_return fail(named.error());
    if (!named || named->id != removal.id) continue;  // the name has been given to another image since
    const Result<docker::RemovedImage> removed = co_await images.remove(name);
    if (!removed && removed.error().kind == Error::Kind::conflict) co_return false;
    if (!removed) co_return fail(removed.error());
  }
  co_return true;
}

}  // namespace

RetentionPlan plan_retention(const std::vector<docker::ImageSummary>& images, const std::set<std::string>& in_use,
                             const std::set<std::string>& wanted, const RetentionPolicy& policy, Time now) {
  RetentionPlan plan;
  if (policy.instance_label.empty() || policy.instance.empty()) return plan;
  std::map<std::vector<std::string>, Group> groups;
  for (const docker::ImageSummary& image : images) {
    if (label_of(image, policy.instance_label) != policy.instance) continue;
    groups[group_of(image, policy)].push_back(&image);
  }
  Group old;
  for (auto& [name, group] : groups) {
    std::sort(group.begin(), group.end(), newer);
    for (std::size_t i = policy.keep; i < group.size(); ++i) {
      const docker::ImageSummary& image = *group[i];
      const bool young = now - image.created < policy.grace;
      if (!young && !in_use.contains(image.id) && !wanted.contains(image.id)) old.push_back(&image);
    }
  }
  std::sort(old.rbegin(), old.rend(), newer);
  for (const docker::ImageSummary* image : old) {
    RetentionPlan::Removal removal;
    removal.id = image->id;
    removal.names = names_of(*image);
    removal.group = group_of(*image, policy);
    plan.removals.push_back(std::move(removal));
  }
  return plan;
}

awaitable<Result<RetentionOutcome>> apply_retention(docker::Images& images, docker::Containers& containers,
                                                    std::set<std::string> wanted, RetentionPolicy policy, Time now,
                                                    std::function<bool(const RetentionPlan::Removal&)> may_go) {
  if (policy.instance_label.empty() || policy.instance.empty()) {
    co_return fail(Error::Kind::invalid, "retention needs the label that marks our own images");
  }
  docker::Filters ours;
  ours.label(policy.instance_label, policy.instance);
  const Result<std::vector<docker::ImageSummary>> found = co_await images.list(std::move(ours));
  if (!found) co_return fail(found.error());
  // Mostly nothing is old, and then it does not matter what containers have.
  if (plan_retention(*found, {}, wanted, policy, now).removals.empty()) co_return RetentionOutcome{};
  const Result<std::set<std::string>> in_use = co_await images_in_use(containers);
  if (!in_use) co_return fail(in_use.error());

  RetentionPlan plan = plan_retention(*found, *in_use, wanted, policy, now);
  RetentionOutcome outcome;
  for (RetentionPlan::Removal& removal : plan.removals) {
    const std::string id = removal.id;
    if (may_go && !may_go(removal)) {
      ++outcome.kept_in_use;
      continue;
    }
    const Result<bool> removed = co_await remove_image(images, std::move(removal));
    if (!removed) co_return fail(removed.error().in("remove image " + id));
    ++(*removed ? outcome.removed : outcome.kept_in_use);
  }
  co_return outcome;
}

}  // namespace slipway::images
