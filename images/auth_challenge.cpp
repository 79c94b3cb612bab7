#include "images/auth_challenge.hpp"

#include <algorithm>
#include <map>

#include "base/text.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxChallenge = 8192;

bool is_token_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string::npos;
}

void skip_spaces(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
}

std::string take_token(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_token_character);
  const auto length = static_cast<std::size_t>(end - text.begin());
  std::string token(text.substr(0, length));
  text.remove_prefix(length);
  return token;
}

/// A token, or a quoted string with its escapes resolved; none if it has no end.
std::optional<std::string> take_value(std::string_view& text) {
  if (!text.starts_with('"')) return take_token(text);
  std::string value;
  for (std::size_t i = 1; i < text.size(); ++i) {
    if (text[i] == '"') {
      text.remove_prefix(i + 1);
      return value;
    }
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    value += text[i];
  }
  return {};
}

/// `name=value, name=value`; stops where something else begins.
std::map<std::string, std::string> take_parameters(std::string_view& text) {
  std::map<std::string, std::string> parameters;
  for (;;) {
    skip_spaces(text);
    std::string_view ahead = text;
    const std::string name = lower_case(take_token(ahead));
    skip_spaces(ahead);
    if (name.empty() || !ahead.starts_with('=')) return parameters;
    ahead.remove_prefix(1);
    skip_spaces(ahead);
    std::optional<std::string> value = take_value(ahead);
    if (!value) return parameters;
    parameters.emplace(name, std::move(*value));
    skip_spaces(ahead);
    if (ahead.starts_with(',')) ahead.remove_prefix(1);
    text = ahead;
  }
}

/// Each challenge in one header's value.
void read_challenges(std::string_view text, std::optional<AuthChallenge>& best) {
  while (!text.empty()) {
    const std::string scheme = lower_case(take_token(text));
    if (scheme.empty()) return;
    auto parameters = take_parameters(text);
    AuthChallenge challenge;
    challenge.realm = parameters["realm"];
    challenge.service = parameters["service"];
    challenge.scope = parameters["scope"];
    if (scheme == "bearer" && !challenge.realm.empty()) {
      challenge.scheme = AuthChallenge::Scheme::bearer;
      best = std::move(challenge);
    } else if (scheme == "basic" && !best) {
      best = std::move(challenge);
    }
  }
}

}  // namespace

std::optional<AuthChallenge> find_challenge(const HttpHeaders& headers) {
  std::optional<AuthChallenge> best;
  for (const auto& [name, value] : headers) {
    if (name == "www-authenticate" && value.size() <= kMaxChallenge) read_challenges(value, best);
  }
  return best;
}

}  // namespace slipway::images
