#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "pipelines/expression.hpp"
#include "pipelines/pipeline.hpp"

namespace slipway::pipelines {

/// A context that can be put into environments and JSON: bytes that are not UTF-8 and control characters are replaced,
/// texts cut at 8 KiB. Kind::invalid if the commit is not named by 40 or 64 hex digits.
Result<Context> cleaned(Context context);

/// What every step finds in its environment: CI, and each property of expressions that has a value, as SLIPWAY_….
std::map<std::string, std::string> standard_environment(const Context& context);

/// Evaluates a plan's texts and keeps count of them: a small file must not make a plan of gigabytes.
/// Borrows everything it is given.
class PlanTexts {
 public:
  static constexpr std::size_t longest = 64 * 1024;
  static constexpr std::size_t budget = 16 << 20;
  using Check = Result<void> (*)(std::string_view);

  PlanTexts(const Context& context, const std::map<std::string, std::string>& parameters)
      : context_(context), parameters_(parameters) {}

  /// The row of the matrix that what follows is for.
  void use(const MatrixRow& row) { row_ = &row; }

  /// Kind::invalid, saying where in the file, if the value is too long or does not pass `check`.
  Result<std::string> evaluate(const Template& text, std::string_view what, Check check = nullptr);
  /// Likewise, of a whole environment.
  Result<std::map<std::string, std::string>> evaluate(const NamedTexts& texts);
  [[nodiscard]] bool holds(const Expression& condition, Before before) const;
  /// Counts text that goes into the plan by another way.
  Result<void> spend(std::size_t bytes);

 private:
  [[nodiscard]] Values values(Before before) const { return {context_, parameters_, *row_, before}; }

  const Context& context_;
  const std::map<std::string, std::string>& parameters_;
  const MatrixRow no_row_;
  const MatrixRow* row_ = &no_row_;
  std::size_t spent_ = 0;
};

}  // namespace slipway::pipelines
