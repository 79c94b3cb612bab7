#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "pipelines/expression.hpp"

namespace slipway::pipelines {

/// Recursive descent over one expression, at most 20 deep. Operators bind as everywhere: `!`, then `==` `!=`, then
/// `&&`, then `||`. Once something is wrong every function returns and the first error stands.
class ExpressionParser {
 public:
  ExpressionParser(std::string_view source, const Scope& scope, ExpressionError& error)
      : source_(source), scope_(scope), error_(error) {}
  std::optional<Expression> parse();

 private:
  using Place = std::optional<std::size_t>;  // in terms; nothing once something is wrong

  struct Token {
    enum class Kind : std::uint8_t { end, word, text, number, symbol };
    Kind kind = Kind::end;
    std::string_view written;
    std::string value;  // of a text: unescaped
    std::size_t offset = 0;
  };

  void advance();
  void read_string(char quote);
  [[nodiscard]] bool next_is(std::string_view symbol) const;

  Place either();
  Place both();
  Place comparison();
  Place negation();
  Place primary();
  Place parenthesised();
  Place chain(Expression::Term::Kind kind, std::string_view symbol, Place (ExpressionParser::*operand)());
  Place call(const Token& name);
  Place property(const Token& name);
  Place reference(const Token& name, std::string_view group, std::string_view member);

  Place add(Expression::Term term);
  Place wrong(const Token& at, std::string message, std::string help = {});
  [[nodiscard]] bool boolean(std::size_t place) const;

  std::string_view source_;
  const Scope& scope_;
  ExpressionError& error_;
  Expression result_;
  Token token_;
  std::size_t at_ = 0;
  std::size_t depth_ = 0;
  bool failed_ = false;
};

}  // namespace slipway::pipelines
