// Values that several sections have: texts with expressions, environments, secrets, images to run, limits.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/expression_names.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {

/// Where the nth expression of a scalar stands. Not looked for once the report is full: that would be work for nobody.
Position place_of(const YamlNode& node, std::size_t expression, std::size_t offset, const Decoding& decoding) {
  if (decoding.diagnostics.errors() >= Diagnostics::limit) return node.at;
  Position at = locate(decoding.source, node.at, expression_opening, expression);
  at.column += static_cast<int>(offset);
  return at;
}

void report(const std::vector<ExpressionError>& errors, const YamlNode& node, const Decoding& decoding) {
  for (const ExpressionError& error : errors) {
    decoding.diagnostics.error(place_of(node, error.expression, error.offset, decoding), error.message, error.text,
                               error.help);
  }
}

void refuse_foreign_text(const Template& text, const YamlNode& node, const Scope& scope, const Decoding& decoding) {
  std::size_t number = 0;
  for (const Template::Part& part : text.parts) {
    if (!part.expression) continue;
    const std::size_t index = number++;
    if (!tainted(*part.expression, scope)) continue;
    const std::string& property = part.expression->terms.back().text;
    const std::string help =
        find_property(property) != nullptr
            ? fmt::format("write \"${}\", which every step has", variable_name(property))
            : fmt::format("give it through `env: {{VALUE: \"${{{{ {} }}}}\"}}` and write \"$VALUE\"", property);
    decoding.diagnostics.error(place_of(node, index, 0, decoding),
                               fmt::format("`{}` can hold anything, so it can't be put into a script", property),
                               fmt::format("${{{{ {} }}}}", part.expression->source), help);
  }
}
}  // namespace

bool Decoding::check(const Result<void>& result, Position at, std::string_view what, std::string_view text) const {
  if (result) return true;
  diagnostics.error(at, fmt::format("{} `{}` {}", what, text.substr(0, 80), result.error().message), text,
                    result.error().hint);
  return false;
}

std::optional<Template> read_template(const YamlNode& node, std::string_view what, const Decoding& decoding,
                                      const Scope& scope, TemplateRule rule) {
  const auto text = read_text(node, what, decoding.diagnostics, rule.text);
  if (!text) return std::nullopt;
  std::vector<ExpressionError> errors;
  Template result;
  if (rule.built_images) {
    Scope own = scope;
    own.built_images = true;
    result = parse_template(*text, own, errors);
  } else {
    result = parse_template(*text, scope, errors);
  }
  result.at = node.at;
  report(errors, node, decoding);
  if (!errors.empty()) return std::nullopt;
  if (rule.script) refuse_foreign_text(result, node, scope, decoding);
  return result;
}

std::vector<Template> read_templates(const YamlNode& node, std::string_view what, std::size_t max_items,
                                     const Decoding& decoding, const Scope& scope, TemplateRule rule) {
  std::vector<Template> result;
  if (node.is_map()) {
    decoding.diagnostics.error(node.at, fmt::format("{} must be a list, not a map", what), {},
                               "write `- `, one a line");
    return result;
  }
  if (!node.is_list()) {
    if (auto one = read_template(node, what, decoding, scope, rule)) result.push_back(std::move(*one));
    return result;
  }
  if (node.items.empty()) decoding.diagnostics.error(node.at, fmt::format("{} is empty", what));
  if (node.items.size() > max_items) {
    decoding.diagnostics.error(
        node.at, fmt::format("{} has {} entries; at most {} are allowed", what, node.items.size(), max_items));
    return result;
  }
  for (const YamlNode& item : node.items) {
    if (auto one = read_template(item, fmt::format("an item of {}", what), decoding, scope, rule)) {
      result.push_back(std::move(*one));
    }
  }
  return result;
}

std::optional<Expression> read_condition(const YamlNode& node, const Decoding& decoding, Scope scope) {
  const auto text = read_text(node, "`if`", decoding.diagnostics);
  if (!text) return std::nullopt;
  scope.status_functions = true;
  std::string_view source = *text;
  const bool wrapped = source.starts_with(expression_opening) && source.ends_with("}}");
  if (wrapped) source = source.substr(expression_opening.size(), source.size() - expression_opening.size() - 2);
  ExpressionError error;
  auto expression = parse_expression(source, scope, error);
  if (expression && expression->type() == Expression::Type::boolean) return expression;
  Position at = node.at;
  at.column += node.quoted ? 1 : 0;
  if (expression) {
    decoding.diagnostics.error(at, "`if` must come out as true or false, and this is a text", *text,
                               fmt::format("compare it with something: `{} == 'x'`", expression->source));
    return std::nullopt;
  }
  at.column += static_cast<int>(error.offset + (wrapped ? expression_opening.size() : 0));
  decoding.diagnostics.error(at, error.message, error.text, error.help);
  return std::nullopt;
}

NamedTexts read_env(const YamlNode& node, std::string_view what, const Decoding& decoding, const Scope& scope) {
  NamedTexts env;
  const TextRule rule{bounds::value_bytes, true};
  if (node.is_list()) {
    decoding.diagnostics.error(node.at, fmt::format("{} must be a map, not a list", what), {},
                               "write `NAME: value`, not `- NAME=value`");
    return env;
  }
  const auto pairs = read_text_map(node, what, bounds::variables, decoding.diagnostics, rule);
  for (const PlacedPair& pair : pairs) {
    const bool fits = decoding.check(check_variable(pair.key.text), pair.key.at, "the variable", pair.key.text);
    auto value = read_template(*node.find(pair.key.text), fmt::format("`{}`", pair.key.text), decoding, scope, {rule});
    if (fits && value) env.emplace_back(pair.key.text, std::move(*value));
  }
  return env;
}

std::vector<SecretUse> read_secrets(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  std::vector<SecretUse> secrets;
  std::vector<PlacedPair> pairs;
  if (node.is_map()) {
    pairs = read_text_map(node, what, bounds::variables, decoding.diagnostics);
  } else {
    for (Placed& name : read_texts(node, what, bounds::variables, decoding.diagnostics)) {
      pairs.push_back({name, std::move(name)});
    }
  }
  for (const PlacedPair& pair : pairs) {
    if (pair.value.text.find(expression_opening) != std::string::npos) {
      decoding.diagnostics.error(pair.value.at, "the name of a secret can't be an expression", pair.value.text,
                                 "write the name out");
      continue;
    }
    const bool named = decoding.check(check_secret(pair.value.text), pair.value.at, "the secret", pair.value.text);
    if (!named || !decoding.check(check_variable(pair.key.text), pair.key.at, "the variable", pair.key.text)) continue;
    const bool doubled = std::any_of(secrets.begin(), secrets.end(),
                                     [&](const SecretUse& other) { return other.variable == pair.key.text; });
    if (doubled) {
      decoding.diagnostics.error(pair.key.at, fmt::format("the secret `{}` is there twice", pair.key.text),
                                 pair.key.text, "keep one");
    } else {
      secrets.push_back({pair.key.text, pair.value.text});
    }
  }
  return secrets;
}

void check_variables_apart(const NamedTexts& env, const std::vector<SecretUse>& secrets, const YamlNode& at,
                           const Decoding& decoding) {
  for (const auto& [variable, value] : env) {
    const std::string& name = variable;
    const bool taken =
        std::any_of(secrets.begin(), secrets.end(), [&](const SecretUse& secret) { return secret.variable == name; });
    if (!taken) continue;
    const YamlNode* written = at.find("env") == nullptr ? nullptr : at.find("env")->find(name);
    decoding.diagnostics.error(written == nullptr ? at.at : written->at,
                               fmt::format("the variable `{}` is set by `env` and by `secrets`", name), name,
                               "keep one of them");
  }
}

std::optional<ImageChoice> read_image_choice(const YamlNode& node, std::string_view what, const Decoding& decoding,
                                             const Scope& scope) {
  TemplateRule rule;
  rule.text.limit = 512;
  rule.built_images = true;
  auto text = read_template(node, what, decoding, scope, rule);
  if (!text) return std::nullopt;
  constexpr std::string_view group = "images.";
  for (const Template::Part& part : text->parts) {
    if (!part.expression) continue;
    const auto built =
        std::find_if(part.expression->terms.begin(), part.expression->terms.end(), [&](const auto& term) {
          return term.kind == Expression::Term::Kind::property && term.text.starts_with(group);
        });
    if (built == part.expression->terms.end()) continue;
    if (text->parts.size() == 1 && part.expression->terms.size() == 1)
      return ImageChoice{built->text.substr(group.size()), {}};
    decoding.diagnostics.error(node.at, "a built image can only be the whole value of `image`", node.text,
                               fmt::format("write `${{{{ {} }}}}` and nothing else", built->text));
    return std::nullopt;
  }
  if (!text->is_literal()) return ImageChoice{{}, std::move(*text)};
  if (scope.images.contains(node.text)) {
    decoding.diagnostics.warning(
        node.at, fmt::format("`{}` is taken for a foreign image", node.text), node.text,
        fmt::format("to run the image this file builds, write `${{{{ images.{} }}}}`", node.text));
  }
  if (!decoding.check(check_reference(node.text), node.at, what, node.text)) return std::nullopt;
  return ImageChoice{{}, std::move(*text)};
}

Limits read_limits(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  constexpr std::int64_t least_memory = 6LL << 20;  // what the Engine takes
  constexpr std::int64_t most_memory = 1LL << 42;
  Limits limits;
  MapReader map(node, std::string(what), decoding.diagnostics);
  if (const YamlNode* value = map.find("cpus")) {
    limits.milli_cpus = read_thousandths(*value, "`cpus`", 10, 1'024'000, decoding.diagnostics).value_or(0);
  }
  if (const YamlNode* value = map.find("memory")) {
    limits.memory_bytes = read_bytes(*value, "`memory`", least_memory, most_memory, decoding.diagnostics).value_or(0);
  }
  if (const YamlNode* value = map.find("pids")) {
    limits.pids = read_integer(*value, "`pids`", 1, 1'000'000, decoding.diagnostics).value_or(0);
  }
  map.finish();
  return limits;
}

std::optional<std::string> read_name(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  auto text = read_text(node, what, decoding.diagnostics);
  if (text && !decoding.check(check_name(*text), node.at, what, *text)) return std::nullopt;
  return text;
}

std::optional<std::string> read_path(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  auto text = read_text(node, what, decoding.diagnostics);
  if (text && text->find(expression_opening) != std::string::npos) {
    decoding.diagnostics.error(node.at, fmt::format("{} can't hold an expression", what), *text, "write the path out");
    return std::nullopt;
  }
  if (text && !decoding.check(check_checkout_path(*text), node.at, what, *text)) return std::nullopt;
  return text;
}

}  // namespace slipway::pipelines
