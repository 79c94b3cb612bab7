#include "tests/fuzz/pipelines/mutation.hpp"

#include <algorithm>
#include <array>

namespace slipway::pipelines::test {
namespace {

constexpr std::array tokens{"{",
                            "}",
                            "[",
                            "]",
                            ":",
                            ": ",
                            "- ",
                            "\n",
                            "  ",
                            "'",
                            "\"",
                            "${{ ",
                            " }}",
                            "&a ",
                            "*a",
                            "<<: *a",
                            "!",
                            "#",
                            "|\n",
                            "\t",
                            "branch",
                            "secrets.X",
                            "always()",
                            "images.app",
                            "matrix.",
                            "==",
                            "&&",
                            "on: ",
                            "needs: ",
                            "jobs:\n",
                            "run: ",
                            "push: ",
                            "deploy: ",
                            "steps: ",
                            "~",
                            "null",
                            "\xff",
                            "\xc3\xa9",
                            "0",
                            "-1",
                            "9999999999999999999",
                            "..",
                            "/",
                            "\\",
                            "slug(",
                            ")",
                            "include: [",
                            "? ",
                            "%YAML",
                            "---\n",
                            "...\n",
                            "1h30m",
                            "true"};

/// Where the line that holds `at` begins, and where the next does.
std::pair<std::size_t, std::size_t> line_around(const std::string& text, std::size_t at) {
  const std::size_t before = at == 0 ? std::string::npos : text.rfind('\n', at - 1);
  const std::size_t after = text.find('\n', at);
  return {before == std::string::npos ? 0 : before + 1, after == std::string::npos ? text.size() : after + 1};
}

}  // namespace

/// SplitMix64.
std::uint64_t Mutator::random() {
  state_ += 0x9E3779B97F4A7C15ULL;
  std::uint64_t mixed = state_;
  mixed = (mixed ^ (mixed >> 30U)) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 27U)) * 0x94D049BB133111EBULL;
  return mixed ^ (mixed >> 31U);
}

std::string Mutator::next() {
  std::string text = seeds_[below(seeds_.size())];
  const std::size_t changes = below(3) > 0 ? 1 : 2 + below(3);
  for (std::size_t i = 0; i < changes; ++i) mutate(text);
  return text;
}

void Mutator::mutate(std::string& text) {
  const std::size_t at = below(text.size() + 1);
  const auto [begin, end] = line_around(text, at);
  switch (below(7)) {
    case 0:
      text.insert(at, tokens.at(below(tokens.size())));
      break;
    case 1:
      text.erase(at, 1 + below(4));
      break;
    case 2:
      text.erase(begin, end - begin);
      break;
    case 3:
      text.insert(begin, text.substr(begin, end - begin));
      break;
    case 4: {
      const std::string& other = seeds_[below(seeds_.size())];
      const auto [from, to] = line_around(other, below(other.size() + 1));
      text.insert(begin, other.substr(from, to - from));
      break;
    }
    case 5:
      if (at < text.size()) text[at] = static_cast<char>(below(256));
      break;
    default:
      text.insert(begin, std::string(1 + below(3), ' '));
      break;
  }
}

}  // namespace slipway::pipelines::test
