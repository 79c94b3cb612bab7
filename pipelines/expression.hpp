#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "pipelines/context.hpp"
#include "pipelines/diagnostic.hpp"

namespace slipway::pipelines {

constexpr std::string_view expression_opening = "${{";

/// What is between `${{` and `}}`, or after `if:`, parsed. A value: copyable, owns everything, evaluates without I/O in
/// time linear in its size. Only two types: texts and booleans. Comparisons are of texts ("3.0" is not "3").
class Expression {
 public:
  enum class Type : std::uint8_t { text, boolean };

  struct Term {
    enum class Kind : std::uint8_t { literal, property, call, equal, unequal, both, either, negation };
    Kind kind = Kind::literal;
    Type type = Type::text;
    std::string text;                   ///< of a literal; the name of a property or of a function
    std::vector<std::size_t> operands;  ///< places in `terms`, all before this one
    std::size_t offset = 0;             ///< where it starts in the source
  };

  std::string source;       ///< as written, outer blanks cut
  std::vector<Term> terms;  ///< the last is the whole expression

  [[nodiscard]] Type type() const { return terms.back().type; }
  /// Whether a function or property of that name is used: `asks_for("failure")`.
  [[nodiscard]] bool asks_for(std::string_view name) const;
  /// Whether success(), failure() or always() is called.
  [[nodiscard]] bool asks_for_status() const;
};

/// What an expression may speak of at its place in the file.
struct Scope {
  struct Parameter {
    Expression::Type type = Expression::Type::text;
    bool free_text = true;  ///< any text may be given for it
  };
  std::map<std::string, Parameter, std::less<>> parameters;
  std::set<std::string, std::less<>> matrix;
  std::set<std::string, std::less<>> images;
  bool status_functions = false;  ///< `if` only
  bool built_images = false;      ///< `image` only
};

struct ExpressionError {
  std::size_t offset = 0;  ///< in the expression; of a template: from its `${{` on
  std::string message;
  std::string text;  ///< the offending part
  std::string help;
  std::size_t expression = 0;  ///< of a template: which of its `${{`, from 0
};

/// Parses and checks names and types. At most 1000 bytes, 100 terms, parentheses 20 deep.
/// On failure the one error is put in `error`.
std::optional<Expression> parse_expression(std::string_view source, const Scope& scope, ExpressionError& error);

/// How the jobs before one have ended.
enum class Before : std::uint8_t { succeeded, failed, skipped };

/// What an expression is evaluated against. Borrows.
struct Values {
  const Context& context;
  const std::map<std::string, std::string>& parameters;  ///< typed and defaulted; booleans as "true", "false"
  const std::map<std::string, std::string>& matrix;
  Before before = Before::succeeded;
};

/// Booleans come as "true" or "false". Can't fail: everything was checked when it was parsed, and what the event lacks
/// (the tag of a push) is empty.
std::string evaluate(const Expression& expression, const Values& values);

/// Whether the condition can be true where the jobs before have ended so: what it asks besides success(), failure() and
/// always() is taken to be whatever makes it true.
bool may_hold(const Expression& condition, Before before);

/// Whether the result may hold text that somebody outside chose: branch names, commit messages, string parameters …
/// Such text never goes into a shell script. (A comparison of it is a boolean, and `slug()` of it is harmless.)
bool tainted(const Expression& expression, const Scope& scope);

/// A text with `${{ … }}` in it, parsed.
struct Template {
  struct Part {
    std::string literal;  ///< of a part that is no expression
    std::optional<Expression> expression;
  };
  std::vector<Part> parts;
  Position at;  ///< in the file, for errors that only show when it is evaluated

  [[nodiscard]] bool is_literal() const;
  /// As written, but for blanks.
  [[nodiscard]] std::string source() const;
};

/// The errors of its expressions, at most ten, are put in `errors`; if there is any, the template is not to be used.
Template parse_template(std::string_view text, const Scope& scope, std::vector<ExpressionError>& errors);

std::string evaluate(const Template& text, const Values& values);

}  // namespace slipway::pipelines
