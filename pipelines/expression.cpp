#include "pipelines/expression.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "pipelines/expression_names.hpp"
#include "pipelines/expression_parser.hpp"

namespace slipway::pipelines {
namespace {
using Kind = Expression::Term::Kind;
constexpr std::string_view closing = "}}";
constexpr std::size_t most_errors = 10;

std::string text_of(bool value) {
  return value ? "true" : "false";
}

std::string found_in(const std::map<std::string, std::string>& values, std::string_view name) {
  const auto found = values.find(std::string(name));
  return found == values.end() ? std::string() : found->second;
}

std::string property(std::string_view name, const Values& values) {
  if (const Property* known = find_property(name)) return known->read(values.context);
  const std::string_view member = name.substr(name.find('.') + 1);
  return found_in(name.starts_with("matrix.") ? values.matrix : values.parameters, member);
}

std::string call(std::string_view name, const std::vector<std::string_view>& operands, Before before) {
  if (name == "contains") return text_of(operands[0].find(operands[1]) != std::string_view::npos);
  if (name == "startsWith") return text_of(operands[0].starts_with(operands[1]));
  if (name == "endsWith") return text_of(operands[0].ends_with(operands[1]));
  if (name == "slug") return slug(operands[0]);
  if (name == "success") return text_of(before == Before::succeeded);
  if (name == "failure") return text_of(before == Before::failed);
  return text_of(true);  // always
}

std::string value_of(const Expression::Term& term, const std::vector<std::string>& done, const Values& values) {
  std::vector<std::string_view> operands;
  for (const std::size_t place : term.operands) operands.push_back(done[place]);
  switch (term.kind) {
    case Kind::literal:
      return term.text;
    case Kind::property:
      return property(term.text, values);
    case Kind::call:
      return call(term.text, operands, values.before);
    case Kind::equal:
      return text_of(operands[0] == operands[1]);
    case Kind::unequal:
      return text_of(operands[0] != operands[1]);
    case Kind::both:
      return text_of(operands[0] == "true" && operands[1] == "true");
    case Kind::either:
      return text_of(operands[0] == "true" || operands[1] == "true");
    case Kind::negation:
      return text_of(operands[0] != "true");
  }
  return {};
}

/// What a term can come out as. A text counts as both.
struct Outcomes {
  bool yes = true;
  bool no = true;
};

Outcomes outcomes_of(const Expression::Term& term, const std::vector<Outcomes>& done, Before before) {
  const auto operand = [&](std::size_t i) { return done[term.operands[i]]; };
  const auto known = [](bool value) { return Outcomes{value, !value}; };
  const auto same = [](Outcomes a, Outcomes b) {
    return Outcomes{(a.yes && b.yes) || (a.no && b.no), (a.yes && b.no) || (a.no && b.yes)};
  };
  switch (term.kind) {
    case Kind::literal:
      return term.type == Expression::Type::boolean ? known(term.text == "true") : Outcomes();
    case Kind::property:
      return {};
    case Kind::call: {
      const bool status = term.text == "success" || term.text == "failure" || term.text == "always";
      return status ? known(call(term.text, {}, before) == "true") : Outcomes();
    }
    case Kind::equal:
      return same(operand(0), operand(1));
    case Kind::unequal: {
      const Outcomes equal = same(operand(0), operand(1));
      return {equal.no, equal.yes};
    }
    case Kind::both:
      return {operand(0).yes && operand(1).yes, operand(0).no || operand(1).no};
    case Kind::either:
      return {operand(0).yes || operand(1).yes, operand(0).no && operand(1).no};
    case Kind::negation:
      return {operand(0).no, operand(0).yes};
  }
  return {};
}

/// Where the `}}` of the expression that begins at `from` is; quoted ones do not count.
std::size_t end_of_expression(std::string_view text, std::size_t from) {
  char quote = 0;
  for (std::size_t i = from; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (text.substr(i).starts_with(closing)) {
      return i;
    }
  }
  return std::string_view::npos;
}

std::string_view without_blanks(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\n") - first + 1);
}
}  // namespace

bool Expression::asks_for(std::string_view name) const {
  return std::any_of(terms.begin(), terms.end(), [&](const Term& term) {
    return (term.kind == Term::Kind::call || term.kind == Term::Kind::property) && term.text == name;
  });
}

bool Expression::asks_for_status() const {
  return asks_for("success") || asks_for("failure") || asks_for("always");
}

std::optional<Expression> parse_expression(std::string_view source, const Scope& scope, ExpressionError& error) {
  const std::string_view inner = without_blanks(source);
  auto expression = ExpressionParser(inner, scope, error).parse();
  if (!expression) error.offset += inner.empty() ? 0 : static_cast<std::size_t>(inner.data() - source.data());
  return expression;
}

std::string evaluate(const Expression& expression, const Values& values) {
  std::vector<std::string> done;
  done.reserve(expression.terms.size());
  for (const Expression::Term& term : expression.terms) done.push_back(value_of(term, done, values));
  return done.back();
}

bool may_hold(const Expression& condition, Before before) {
  std::vector<Outcomes> done;
  done.reserve(condition.terms.size());
  for (const Expression::Term& term : condition.terms) done.push_back(outcomes_of(term, done, before));
  return done.back().yes;
}

bool tainted(const Expression& expression, const Scope& scope) {
  // Every operator and every function but slug() gives a boolean, and slug() lets nothing harmful through: only a bare
  // property can carry foreign text.
  const Expression::Term& root = expression.terms.back();
  if (root.kind != Kind::property || root.type == Expression::Type::boolean) return false;
  if (const Property* known = find_property(root.text)) return known->free_text;
  if (!root.text.starts_with("parameters.")) return false;
  const auto parameter = scope.parameters.find(std::string_view(root.text).substr(root.text.find('.') + 1));
  return parameter == scope.parameters.end() || parameter->second.free_text;
}

Template parse_template(std::string_view text, const Scope& scope, std::vector<ExpressionError>& errors) {
  Template result;
  std::size_t at = 0;
  for (std::size_t number = 0;; ++number) {
    const std::size_t open = text.find(expression_opening, at);
    const std::string_view literal = text.substr(at, open == std::string_view::npos ? open : open - at);
    if (!literal.empty()) result.parts.push_back({std::string(literal), std::nullopt});
    if (open == std::string_view::npos) return result;
    const std::size_t begin = open + expression_opening.size();
    const std::size_t end = end_of_expression(text, begin);
    ExpressionError error;
    if (errors.size() == most_errors) return result;
    if (end == std::string_view::npos) {
      errors.push_back({0, "a `${{` is not closed", "${{", "add `}}`", number});
      return result;
    }
    auto expression = parse_expression(text.substr(begin, end - begin), scope, error);
    if (expression) {
      result.parts.push_back({{}, std::move(expression)});
    } else {
      error.offset += expression_opening.size();
      error.expression = number;
      errors.push_back(std::move(error));
    }
    at = end + closing.size();
  }
}

bool Template::is_literal() const {
  return std::none_of(parts.begin(), parts.end(), [](const Part& part) { return part.expression.has_value(); });
}

std::string Template::source() const {
  std::string out;
  for (const Part& part : parts) {
    out += part.expression ? fmt::format("${{{{ {} }}}}", part.expression->source) : part.literal;
  }
  return out;
}

std::string evaluate(const Template& text, const Values& values) {
  std::string out;
  for (const Template::Part& part : text.parts) {
    out += part.expression ? evaluate(*part.expression, values) : part.literal;
  }
  return out;
}

}  // namespace slipway::pipelines
