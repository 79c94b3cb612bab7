#include "cli/whole_tar.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/files.hpp"

namespace slipway::cli {
namespace {

constexpr std::uint64_t block = 512;
constexpr std::uint64_t largest_content = std::uint64_t(1) << 60;
constexpr std::uint64_t largest_description = 1 << 20;

std::optional<std::uint64_t> number_in(std::string_view text, int base) {
  std::uint64_t number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (bad != std::errc() || end == text.data() || number > largest_content) return std::nullopt;
  return number;
}

/// The size that pax records ("LENGTH key=value\n" each) give the next content.
std::optional<std::uint64_t> pax_size(std::string_view records) {
  const auto at = records.find(" size=");
  return at == std::string_view::npos ? std::nullopt : number_in(records.substr(at + 6), 10);
}

}  // namespace

Result<bool> tar_is_whole(int file) {
  std::optional<std::uint64_t> described;  // the size of the next content, by the header before
  for (std::uint64_t at = 0;;) {
    // Two blocks stand behind every place where a header may begin: the end's own if nothing else.
    const Result<std::string> header = read_at(file, at, 2 * block);
    if (!header) return fail(header.error());
    if (header->size() < 2 * block) return false;
    if (std::all_of(header->begin(), header->end(), [](char c) { return c == '\0'; })) return true;
    const auto size = number_in(std::string_view(*header).substr(124, 12), 8);
    if (!size) return false;
    const bool describes = (*header)[156] == 'x';
    const std::uint64_t content = describes ? *size : described.value_or(*size);
    described.reset();
    if (describes) {
      const Result<std::string> records = read_at(file, at + block, std::min(content, largest_description));
      if (!records) return fail(records.error());
      described = pax_size(*records);
    }
    at += block + (content + block - 1) / block * block;
  }
}

}  // namespace slipway::cli
