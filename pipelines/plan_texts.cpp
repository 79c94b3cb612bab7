#include "pipelines/plan_texts.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pipelines/expression_names.hpp"
#include "pipelines/source_text.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t longest_fact = 8 * 1024;
constexpr std::string_view replacement = "\xEF\xBF\xBD";

void clean(std::string& text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty() && out.size() < longest_fact) {
    const std::size_t good = find_unreadable(rest).value_or(rest.size());
    out += rest.substr(0, good);
    rest.remove_prefix(good);
    if (rest.empty()) break;
    out += replacement;
    rest.remove_prefix(1);
  }
  if (out.size() > longest_fact) {
    out.resize(longest_fact);
    // Cut between characters.
    if (const auto broken = find_unreadable(out)) out.resize(*broken);
  }
  text = std::move(out);
}

bool names_commit(const std::string& sha) {
  const bool digits =
      std::all_of(sha.begin(), sha.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  return digits && (sha.size() == 40 || sha.size() == 64);
}
}  // namespace

Result<Context> cleaned(Context context) {
  if (!names_commit(context.commit.sha)) {
    return fail(Error::Kind::invalid, fmt::format("`{}` does not name a commit", context.commit.sha.substr(0, 80)));
  }
  for (std::string* text : {&context.project, &context.ref, &context.branch, &context.tag, &context.commit.message,
                            &context.commit.author}) {
    clean(*text);
  }
  if (context.pull_request) {
    for (std::string* text : {&context.pull_request->base, &context.pull_request->head}) clean(*text);
  }
  if (context.registry) {
    for (std::string* text : {&context.registry->image, &context.registry->tag, &context.registry->digest})
      clean(*text);
  }
  for (auto& [name, value] : context.parameters) clean(value);
  return context;
}

std::map<std::string, std::string> standard_environment(const Context& context) {
  std::map<std::string, std::string> environment{{"CI", "true"}};
  for (const std::string_view name : property_names()) {
    std::string value = find_property(name)->read(context);
    if (!value.empty()) environment.emplace(variable_name(name), std::move(value));
  }
  return environment;
}

Result<void> PlanTexts::spend(std::size_t bytes) {
  spent_ += bytes;
  if (spent_ <= budget) return {};
  return fail(Error::Kind::too_large, fmt::format("the plan has more than {} bytes of text", budget),
              "put less into environments, or run fewer jobs");
}

Result<std::string> PlanTexts::evaluate(const Template& text, std::string_view what, Check check) {
  std::string value = pipelines::evaluate(text, values(Before::succeeded));
  const auto wrong = [&](const std::string& how, const std::string& hint) {
    return fail(Error::Kind::invalid,
                fmt::format("line {}: {} `{}`, made of `{}`, {}", text.at.line, what, printable(value.substr(0, 100)),
                            printable(text.source().substr(0, 200)), how),
                hint);
  };
  if (value.size() > longest) return wrong(fmt::format("is longer than {} bytes", longest), "");
  if (check != nullptr) {
    if (const Result<void> checked = check(value); !checked)
      return wrong(checked.error().message, checked.error().hint);
  }
  if (auto counted = spend(value.size()); !counted) return fail(counted.error());
  return value;
}

Result<std::map<std::string, std::string>> PlanTexts::evaluate(const NamedTexts& texts) {
  std::map<std::string, std::string> evaluated;
  for (const auto& [name, text] : texts) {
    auto value = evaluate(text, name);
    if (!value) return fail(value.error());
    evaluated.insert_or_assign(name, std::move(*value));
  }
  return evaluated;
}

bool PlanTexts::holds(const Expression& condition, Before before) const {
  return pipelines::evaluate(condition, values(before)) == "true";
}

}  // namespace slipway::pipelines
