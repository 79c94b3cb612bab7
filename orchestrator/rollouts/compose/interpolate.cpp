#include "orchestrator/rollouts/compose/interpolate.hpp"

namespace slipway::rollouts {
namespace {

constexpr int max_depth = 16;
constexpr std::size_t max_length = 1 << 20;

bool is_name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool is_name(char c) {
  return is_name_start(c) || (c >= '0' && c <= '9');
}

std::string_view take_name(std::string_view& rest) {
  std::size_t end = 0;
  while (end < rest.size() && (end == 0 ? is_name_start(rest[end]) : is_name(rest[end]))) ++end;
  const std::string_view name = rest.substr(0, end);
  rest.remove_prefix(end);
  return name;
}

/// The text up to the brace that closes an opened one, which is taken too. None: npos stays in `rest`.
Result<std::string_view> take_braced(std::string_view& rest) {
  int open = 1;
  for (std::size_t i = 0; i < rest.size(); ++i) {
    if (rest.substr(i).starts_with("${")) ++open;
    if (rest[i] == '}' && --open == 0) {
      const std::string_view inner = rest.substr(0, i);
      rest.remove_prefix(i + 1);
      return inner;
    }
  }
  return fail(Error::Kind::invalid, "'${' is not closed", "write '$$' for a dollar sign");
}

Result<std::string> expand(std::string_view text, const Variables& variables, int depth);

/// What stands between the braces: NAME, then an operator with its word, or nothing.
Result<std::string> substitute(std::string_view inner, const Variables& variables, int depth) {
  const std::string_view whole = inner;
  const std::string name(take_name(inner));
  if (name.empty()) {
    return fail(Error::Kind::invalid, "'${" + std::string(whole) + "}' names no variable",
                "write '$$' for a dollar sign");
  }
  const auto found = variables.find(name);
  if (inner.empty()) {
    if (found != variables.end()) return found->second;
    return fail(Error::Kind::invalid, "variable '" + name + "' is not set",
                "give it a default: ${" + name + ":-value}");
  }
  const bool unless_empty = inner.front() == ':';
  if (unless_empty) inner.remove_prefix(1);
  const char operation = inner.empty() ? '\0' : inner.front();
  if (operation != '-' && operation != '?' && operation != '+') {
    return fail(Error::Kind::invalid, "'${" + std::string(whole) + "}' is not understood",
                "the forms are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${NAME:+other}");
  }
  inner.remove_prefix(1);
  const bool present = found != variables.end() && !(unless_empty && found->second.empty());
  if (operation == '+') return present ? expand(inner, variables, depth + 1) : Result<std::string>(std::string());
  if (present) return found->second;
  if (operation == '-') return expand(inner, variables, depth + 1);
  return fail(Error::Kind::invalid,
              "variable '" + name + "' is required" + (inner.empty() ? "" : ": ") + std::string(inner));
}

/// One '$…' at the start of `rest`, which is taken.
Result<std::string> take_dollar(std::string_view& rest, const Variables& variables, int depth) {
  rest.remove_prefix(1);
  if (rest.starts_with('$')) {
    rest.remove_prefix(1);
    return std::string("$");
  }
  if (rest.starts_with('{')) {
    rest.remove_prefix(1);
    auto inner = take_braced(rest);
    if (!inner) return fail(inner.error());
    return substitute(*inner, variables, depth);
  }
  const std::string_view name = take_name(rest);
  if (name.empty()) {
    return fail(Error::Kind::invalid, "a '$' that starts no variable", "write '$$' for a dollar sign");
  }
  return substitute(name, variables, depth);
}

Result<std::string> expand(std::string_view text, const Variables& variables, int depth) {
  if (depth > max_depth) return fail(Error::Kind::invalid, "variables are nested too deeply");
  std::string out;
  while (!text.empty()) {
    const auto dollar = std::min(text.find('$'), text.size());
    out += text.substr(0, dollar);
    text.remove_prefix(dollar);
    if (text.empty()) break;
    auto part = take_dollar(text, variables, depth);
    if (!part) return part;
    out += *part;
    if (out.size() > max_length) return fail(Error::Kind::too_large, "the text with its variables is over 1 MiB");
  }
  return out;
}

}  // namespace

Result<std::string> interpolate(std::string_view text, const Variables& variables) {
  return expand(text, variables, 0);
}

}  // namespace slipway::rollouts
