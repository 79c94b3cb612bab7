#include "pipelines/expression_names.hpp"

#include <algorithm>
#include <array>

namespace slipway::pipelines {
namespace {
using Type = Expression::Type;

std::string number_of(const Context& context) {
  return context.pull_request ? std::to_string(context.pull_request->number) : "";
}
std::string from_fork(const Context& context) {
  return context.pull_request && context.pull_request->from_fork ? "true" : "false";
}

const std::array<Property, 16> properties{{
    {"event", false, Type::text, [](const Context& c) { return std::string(name_of(c.event)); }},
    {"project", false, Type::text, [](const Context& c) { return c.project; }},
    {"ref", true, Type::text, [](const Context& c) { return c.ref; }},
    {"branch", true, Type::text, [](const Context& c) { return c.branch; }},
    {"tag", true, Type::text, [](const Context& c) { return c.tag; }},
    {"commit.sha", false, Type::text, [](const Context& c) { return c.commit.sha; }},
    {"commit.short", false, Type::text, [](const Context& c) { return short_sha(c.commit.sha); }},
    {"commit.message", true, Type::text, [](const Context& c) { return c.commit.message; }},
    {"commit.author", true, Type::text, [](const Context& c) { return c.commit.author; }},
    {"pull_request.number", false, Type::text, number_of},
    {"pull_request.from_fork", false, Type::boolean, from_fork},
    {"pull_request.base", true, Type::text,
     [](const Context& c) { return c.pull_request ? c.pull_request->base : ""; }},
    {"pull_request.head", true, Type::text,
     [](const Context& c) { return c.pull_request ? c.pull_request->head : ""; }},
    {"registry.image", true, Type::text, [](const Context& c) { return c.registry ? c.registry->image : ""; }},
    {"registry.tag", true, Type::text, [](const Context& c) { return c.registry ? c.registry->tag : ""; }},
    {"registry.digest", true, Type::text, [](const Context& c) { return c.registry ? c.registry->digest : ""; }},
}};

constexpr std::array<Function, 7> functions{{
    {"contains", 2, Type::boolean, false},
    {"startsWith", 2, Type::boolean, false},
    {"endsWith", 2, Type::boolean, false},
    {"slug", 1, Type::text, false},
    {"success", 0, Type::boolean, true},
    {"failure", 0, Type::boolean, true},
    {"always", 0, Type::boolean, true},
}};

constexpr std::array<std::pair<Event, std::string_view>, 5> events{{
    {Event::push, "push"},
    {Event::tag, "tag"},
    {Event::pull_request, "pull_request"},
    {Event::registry, "registry"},
    {Event::manual, "manual"},
}};
}  // namespace

std::string_view name_of(Event event) {
  return std::find_if(events.begin(), events.end(), [&](const auto& one) { return one.first == event; })->second;
}

std::optional<Event> event_named(std::string_view name) {
  const auto* found = std::find_if(events.begin(), events.end(), [&](const auto& one) { return one.second == name; });
  return found == events.end() ? std::nullopt : std::optional(found->first);
}

const Property* find_property(std::string_view name) {
  const auto* found =
      std::find_if(properties.begin(), properties.end(), [&](const Property& one) { return one.name == name; });
  return found == properties.end() ? nullptr : found;
}

std::vector<std::string_view> property_names() {
  std::vector<std::string_view> names;
  for (const Property& property : properties) names.push_back(property.name);
  return names;
}

std::string variable_name(std::string_view property) {
  std::string name = "SLIPWAY_";
  for (const char c : property) name += c == '.' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return name;
}

const Function* find_function(std::string_view name) {
  const auto* found =
      std::find_if(functions.begin(), functions.end(), [&](const Function& one) { return one.name == name; });
  return found == functions.end() ? nullptr : found;
}

std::vector<std::string_view> function_names(bool with_status) {
  std::vector<std::string_view> names;
  for (const Function& function : functions) {
    if (with_status || !function.status) names.push_back(function.name);
  }
  return names;
}

std::string slug(std::string_view text) {
  constexpr std::size_t longest = 63;
  std::string out;
  for (const char c : text) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool kept = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (kept) out += lower;
    if (!kept && !out.empty() && out.back() != '-') out += '-';
    if (out.size() == longest) break;
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string short_sha(std::string_view sha) {
  return std::string(sha.substr(0, 7));
}

}  // namespace slipway::pipelines
