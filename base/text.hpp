#pragma once
#include <string>
#include <string_view>

namespace slipway {

/// ASCII letters in lower case, all other bytes as they are.
std::string lower_case(std::string_view text);

inline bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Without what is at both ends of `text` and in `blanks`.
std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n\v\f");

/// "a, b, c".
template <class Texts>
std::string joined(const Texts& texts) {
  std::string all;
  for (const std::string& text : texts) {
    if (!all.empty()) all += ", ";
    all += text;
  }
  return all;
}

}  // namespace slipway
