#include "pipelines/expression_parser.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.hpp"
#include "pipelines/expression_names.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t longest_source = 1000;
constexpr std::size_t most_terms = 100;
constexpr std::size_t deepest = 20;

using Kind = Expression::Term::Kind;
using Type = Expression::Type;

bool word_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool word_part(char c) {
  return word_start(c) || is_digit(c) || c == '-';
}

template <class Names>
std::vector<std::string_view> views(const Names& names) {
  std::vector<std::string_view> out;
  for (const auto& name : names) out.emplace_back(name);
  return out;
}
}  // namespace

std::optional<Expression> ExpressionParser::parse() {
  if (source_.size() > longest_source) {
    wrong(token_, fmt::format("the expression is longer than {} bytes", longest_source));
    return std::nullopt;
  }
  advance();
  if (!failed_ && token_.kind == Token::Kind::end) wrong(token_, "the expression is empty");
  const Place root = failed_ ? Place() : either();
  if (root && !failed_ && token_.kind != Token::Kind::end) {
    wrong(token_, fmt::format("unexpected `{}` in the expression", token_.written),
          token_.written == "=" ? "compare with `==`" : "");
  }
  if (failed_ || !root) return std::nullopt;
  result_.source = std::string(source_);
  return std::move(result_);
}

void ExpressionParser::advance() {
  while (at_ < source_.size() && (source_[at_] == ' ' || source_[at_] == '\t' || source_[at_] == '\n')) ++at_;
  token_ = Token{};
  token_.offset = at_;
  if (at_ == source_.size()) return;
  const char c = source_[at_];
  if (c == '\'' || c == '"') return read_string(c);
  std::size_t end = at_ + 1;
  token_.kind = Token::Kind::symbol;
  if (word_start(c)) {
    token_.kind = Token::Kind::word;
    const auto inside = [&](std::size_t i) {
      return word_part(source_[i]) || (source_[i] == '.' && i + 1 < source_.size() && word_part(source_[i + 1]));
    };
    while (end < source_.size() && inside(end)) ++end;
  } else if (is_digit(c)) {
    token_.kind = Token::Kind::number;
    while (end < source_.size() && (is_digit(source_[end]) || source_[end] == '.')) ++end;
  } else {
    const std::string_view two = source_.substr(at_, 2);
    if (two == "==" || two == "!=" || two == "&&" || two == "||") end = at_ + 2;
  }
  // A character of several bytes is one, also when it is out of place.
  while (end < source_.size() && (static_cast<unsigned char>(source_[end]) & 0xC0U) == 0x80) ++end;
  token_.written = source_.substr(at_, end - at_);
  token_.value = std::string(token_.written);
  at_ = end;
}

/// A quote is doubled to stand for itself: 'it''s'.
void ExpressionParser::read_string(char quote) {
  token_.kind = Token::Kind::text;
  for (std::size_t i = at_ + 1; i < source_.size(); ++i) {
    if (source_[i] == quote && (i + 1 == source_.size() || source_[i + 1] != quote)) {
      token_.written = source_.substr(at_, i + 1 - at_);
      at_ = i + 1;
      return;
    }
    if (source_[i] == quote) ++i;
    token_.value += source_[i];
  }
  token_.written = source_.substr(at_);
  wrong(token_, "a quote of the expression is not closed", fmt::format("add the closing {}", quote));
}

bool ExpressionParser::next_is(std::string_view symbol) const {
  return token_.kind == Token::Kind::symbol && token_.written == symbol;
}

bool ExpressionParser::boolean(std::size_t place) const {
  return result_.terms[place].type == Type::boolean;
}

ExpressionParser::Place ExpressionParser::add(Expression::Term term) {
  if (result_.terms.size() == most_terms) {
    return wrong(token_, fmt::format("the expression has more than {} parts", most_terms));
  }
  result_.terms.push_back(std::move(term));
  return result_.terms.size() - 1;
}

ExpressionParser::Place ExpressionParser::wrong(const Token& at, std::string message, std::string help) {
  if (!failed_) error_ = {at.offset, std::move(message), std::string(at.written), std::move(help), 0};
  failed_ = true;
  return std::nullopt;
}

ExpressionParser::Place ExpressionParser::either() {
  return chain(Kind::either, "||", &ExpressionParser::both);
}
ExpressionParser::Place ExpressionParser::both() {
  return chain(Kind::both, "&&", &ExpressionParser::comparison);
}

ExpressionParser::Place ExpressionParser::chain(Kind kind, std::string_view symbol,
                                                Place (ExpressionParser::*operand)()) {
  Place left = (this->*operand)();
  while (left && next_is(symbol)) {
    const Token sign = token_;
    advance();
    const Place right = failed_ ? Place() : (this->*operand)();
    if (!right) return right;
    if (!boolean(*left) || !boolean(*right)) {
      return wrong(sign, fmt::format("`{}` needs true or false on both sides", symbol),
                   "compare a text with something: `branch == 'main'`");
    }
    left = add({kind, Type::boolean, {}, {*left, *right}, sign.offset});
  }
  return left;
}

ExpressionParser::Place ExpressionParser::comparison() {
  const Place left = negation();
  const bool equal = next_is("==");
  if (!left || (!equal && !next_is("!="))) return left;
  const Token sign = token_;
  advance();
  const Place right = failed_ ? Place() : negation();
  if (!right) return right;
  return add({equal ? Kind::equal : Kind::unequal, Type::boolean, {}, {*left, *right}, sign.offset});
}

ExpressionParser::Place ExpressionParser::negation() {
  if (!next_is("!")) return primary();
  const Token sign = token_;
  if (depth_ == deepest) return wrong(sign, fmt::format("the expression is nested more than {} deep", deepest));
  ++depth_;
  advance();
  const Place operand = failed_ ? Place() : negation();
  --depth_;
  if (!operand) return operand;
  if (!boolean(*operand)) {
    return wrong(sign, "`!` needs true or false after it", "compare a text with something: `branch != 'main'`");
  }
  return add({Kind::negation, Type::boolean, {}, {*operand}, sign.offset});
}

ExpressionParser::Place ExpressionParser::primary() {
  const Token token = token_;
  if (next_is("(")) return parenthesised();
  if (token.kind == Token::Kind::end) return wrong(token, "the expression ends where a value is needed");
  if (token.kind == Token::Kind::symbol) {
    return wrong(token, fmt::format("unexpected `{}` in the expression", token.written),
                 token.written == "$" ? "write the name alone, without `${{ }}`" : "");
  }
  advance();
  if (failed_) return std::nullopt;
  if (token.kind != Token::Kind::word) return add({Kind::literal, Type::text, token.value, {}, token.offset});
  if (token.written == "true" || token.written == "false") {
    return add({Kind::literal, Type::boolean, token.value, {}, token.offset});
  }
  return next_is("(") ? call(token) : property(token);
}

ExpressionParser::Place ExpressionParser::parenthesised() {
  if (depth_ == deepest) return wrong(token_, fmt::format("the expression is nested more than {} deep", deepest));
  ++depth_;
  advance();
  const Place inner = failed_ ? Place() : either();
  --depth_;
  if (!inner) return inner;
  if (!next_is(")")) return wrong(token_, "a `(` of the expression is not closed", "add the `)`");
  advance();
  return failed_ ? Place() : inner;
}

ExpressionParser::Place ExpressionParser::call(const Token& name) {
  const Function* function = find_function(name.written);
  if (function == nullptr) {
    return wrong(name, fmt::format("unknown function `{}`", name.written),
                 suggest(name.written, function_names(scope_.status_functions)));
  }
  if (function->status && !scope_.status_functions) {
    return wrong(name, fmt::format("`{}()` can only be used in `if`", name.written));
  }
  if (depth_ == deepest) return wrong(name, fmt::format("the expression is nested more than {} deep", deepest));
  ++depth_;
  Expression::Term term{Kind::call, function->type, std::string(name.written), {}, name.offset};
  advance();
  while (!failed_ && !next_is(")")) {
    const Place operand = either();
    if (!operand) return operand;
    term.operands.push_back(*operand);
    if (!next_is(",") && !next_is(")")) return wrong(token_, "a `(` of the expression is not closed", "add the `)`");
    if (next_is(",")) advance();
  }
  --depth_;
  advance();
  if (term.operands.size() != function->operands) {
    return wrong(name, fmt::format("`{}` takes {} {}, not {}", name.written, function->operands,
                                   function->operands == 1 ? "value" : "values", term.operands.size()));
  }
  return failed_ ? Place() : add(std::move(term));
}

ExpressionParser::Place ExpressionParser::property(const Token& name) {
  if (const Property* known = find_property(name.written)) {
    return add({Kind::property, known->type, std::string(known->name), {}, name.offset});
  }
  const std::size_t dot = name.written.find('.');
  const std::string_view group = name.written.substr(0, dot);
  const std::string_view member = dot == std::string_view::npos ? "" : name.written.substr(dot + 1);
  if (group == "secrets") {
    return wrong(name, "secrets are never part of an expression",
                 "name it under `secrets` of the job, and use the environment variable it is given in");
  }
  if (!member.empty()) {
    if (const Place found = reference(name, group, member); found || failed_) return found;
  }
  std::vector<std::string_view> names = property_names();
  for (const std::string_view more : {"parameters", "matrix"}) names.push_back(more);
  const bool parameter = member.empty() && scope_.parameters.contains(group);
  return wrong(name, fmt::format("unknown name `{}` in the expression", name.written),
               parameter ? fmt::format("did you mean `parameters.{}`?", group)
               : member.empty() && closest(name.written, names).empty()
                   ? fmt::format("put quotes around a text: '{}'", name.written)
                   : suggest(name.written, names));
}

ExpressionParser::Place ExpressionParser::reference(const Token& name, std::string_view group,
                                                    std::string_view member) {
  if (group == "params" || group == "parameters") {
    const auto found = scope_.parameters.find(member);
    if (found != scope_.parameters.end()) {
      return add({Kind::property, found->second.type, fmt::format("parameters.{}", member), {}, name.offset});
    }
    std::vector<std::string_view> known;
    for (const auto& [parameter, how] : scope_.parameters) known.push_back(parameter);
    return wrong(name, fmt::format("there is no parameter `{}`", member),
                 known.empty() ? "declare it under `parameters`" : suggest(member, known));
  }
  if (group == "matrix") {
    if (scope_.matrix.contains(member)) {
      return add({Kind::property, Type::text, std::string(name.written), {}, name.offset});
    }
    return wrong(name, fmt::format("there is no `{}` in a matrix here", member), suggest(member, views(scope_.matrix)));
  }
  if (group != "images") return std::nullopt;
  if (!scope_.built_images) {
    return wrong(name, "a built image can only be the whole value of `image`",
                 fmt::format("write `image: ${{{{ images.{} }}}}`", member));
  }
  if (scope_.images.contains(member)) {
    return add({Kind::property, Type::text, std::string(name.written), {}, name.offset});
  }
  return wrong(name, fmt::format("there is no image `{}`", member),
               scope_.images.empty() ? "declare it under `images`" : suggest(member, views(scope_.images)));
}

}  // namespace slipway::pipelines
