#include "pipelines/triggers.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "pipelines/glob.hpp"
#include "pipelines/source_text.hpp"

namespace slipway::pipelines {
namespace {

/// Foreign text in a sentence: short, and on one line.
std::string in_quotes(std::string_view text) {
  return fmt::format("`{}`", printable(text.substr(0, 100)));
}

bool matches(const Patterns& patterns, std::string_view text) {
  return patterns.empty() || any_glob_matches(patterns, text);
}

Decision by_paths(const RefFilter& filter, const Context& context, const std::string& what, std::string_view key) {
  if (filter.paths.empty()) return {true, what};
  if (!context.changed_paths) return {true, what + "; which files changed is not known"};
  for (const std::string& path : *context.changed_paths) {
    if (any_glob_matches(filter.paths, path)) return {true, fmt::format("{}, which changes {}", what, in_quotes(path))};
  }
  return {false, fmt::format("{}: none of the {} changed files matches `on.{}.paths`", what,
                             context.changed_paths->size(), key)};
}

Decision by_branch(const std::optional<RefFilter>& filter, const Context& context, std::string_view branch,
                   const std::string& what, std::string_view key) {
  if (!filter) return {false, fmt::format("{}: the file has no `on.{}`", what, key)};
  if (!matches(filter->branches, branch)) {
    return {false, fmt::format("{}: no pattern of `on.{}.branches` matches", what, key)};
  }
  return by_paths(*filter, context, what, key);
}

Decision by_tag(const std::optional<Patterns>& patterns, const Context& context) {
  const std::string what = fmt::format("tag {}", in_quotes(context.tag));
  if (!patterns) return {false, what + ": the file has no `on.tag`"};
  if (!matches(*patterns, context.tag)) return {false, what + ": no pattern of `on.tag` matches"};
  return {true, what};
}

Decision by_registry(const std::vector<RegistryFilter>& filters, const RegistryPush& pushed) {
  const std::string what = fmt::format("image {} with tag {}", in_quotes(pushed.image), in_quotes(pushed.tag));
  if (filters.empty()) return {false, what + ": the file has no `on.registry`"};
  bool known = false;
  for (const RegistryFilter& filter : filters) {
    if (filter.image != pushed.image) continue;
    known = true;
    if (matches(filter.tags, pushed.tag)) return {true, what};
  }
  return {false, fmt::format("{}: {}", what,
                             known ? "no pattern of `on.registry.tag` matches" : "`on.registry` does not name it")};
}

}  // namespace

Decision decide(const Triggers& on, const Context& context) {
  switch (context.event) {
    case Event::push:
      return by_branch(on.push, context, context.branch, fmt::format("push to {}", in_quotes(context.branch)), "push");
    case Event::pull_request: {
      const PullRequest request = context.pull_request.value_or(PullRequest());
      const std::string what = fmt::format("pull request {} to {}", request.number, in_quotes(request.base));
      return by_branch(on.pull_request, context, request.base, what, "pull_request");
    }
    case Event::tag:
      return by_tag(on.tag, context);
    case Event::registry:
      return by_registry(on.registry, context.registry.value_or(RegistryPush()));
    case Event::manual:
      return {true, "started by hand"};
  }
  return {false, "unknown event"};
}

bool asks_to_skip(std::string_view message) {
  const std::string text = lower_case(message);
  return text.find("[skip ci]") != std::string::npos || text.find("[ci skip]") != std::string::npos;
}

}  // namespace slipway::pipelines
