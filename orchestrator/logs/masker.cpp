#include "orchestrator/logs/masker.hpp"

#include <algorithm>

#include "base/encoding.hpp"

namespace slipway::logs {
namespace {

constexpr std::string_view kMask = "***";
constexpr std::size_t kShortestPart = 4;

std::uint16_t start_of(std::string_view text) {
  return static_cast<std::uint16_t>(static_cast<unsigned char>(text[0]) << 8 | static_cast<unsigned char>(text[1]));
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
  }
  return lines;
}

/// The part of the secret's base64 that does not depend on its neighbours, when `before` bytes come ahead of it.
std::string base64_core(const std::string& secret, std::size_t before) {
  std::string encoded = to_base64(std::string(before, '\0') + secret);
  constexpr std::size_t kTouchedByPrefix[] = {0, 2, 3};
  const std::size_t from = kTouchedByPrefix[before];
  const std::size_t to = (before + secret.size()) * 8 / 6;
  return from < to ? encoded.substr(from, to - from) : std::string();
}

std::string url_alphabet(std::string text) {
  std::replace(text.begin(), text.end(), '+', '-');
  std::replace(text.begin(), text.end(), '/', '_');
  return text;
}

std::string percent_encoded(const std::string& text) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view kHex = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (kPlain.find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded.append({'%', kHex[byte >> 4], kHex[byte & 15]});
    }
  }
  return encoded;
}

std::string json_escaped(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '\n':
        escaped += "\\n";
        break;
      case '\r':
        escaped += "\\r";
        break;
      case '\t':
        escaped += "\\t";
        break;
      case '"':
        escaped += "\\\"";
        break;
      case '\\':
        escaped += "\\\\";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace

MaskPatterns::MaskPatterns(const std::vector<Secret>& secrets) {
  for (const Secret& secret : secrets) {
    if (!secret.empty()) add_forms(secret.reveal());
  }
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    const std::string& pattern = patterns_[i].reveal();
    longest_ = std::max(longest_, pattern.size());
    // A pattern of one byte starts every pair that begins with it.
    const std::uint16_t first = start_of(pattern.size() > 1 ? pattern : pattern + '\0');
    const std::uint16_t last = pattern.size() > 1 ? first : static_cast<std::uint16_t>(first | 0xff);
    for (unsigned start = first; start <= last; ++start) {
      by_start_[static_cast<std::uint16_t>(start)].push_back(i);
      starts_.set(start);
    }
  }
  for (auto& [start, found] : by_start_) {
    std::sort(found.begin(), found.end(), [this](std::size_t a, std::size_t b) {
      return patterns_[a].reveal().size() > patterns_[b].reveal().size();
    });
  }
}

void MaskPatterns::add(std::string pattern) {
  if (pattern.empty() || pattern.find('\n') != std::string::npos) return;
  const auto same = [&](const Secret& known) { return known.reveal() == pattern; };
  if (std::any_of(patterns_.begin(), patterns_.end(), same)) return;
  patterns_.emplace_back(std::move(pattern));
}

void MaskPatterns::add_forms(const std::string& secret) {
  const std::vector<std::string> lines = lines_of(secret);
  for (const std::string& line : lines) {
    if (lines.size() == 1 || line.size() >= kShortestPart) add(line);
  }
  std::string trimmed = secret;
  while (trimmed.ends_with('\n')) trimmed.pop_back();
  if (trimmed.size() < kShortestPart) return;
  add(percent_encoded(trimmed));
  add(json_escaped(trimmed));
  for (const std::size_t before : {0, 1, 2}) {
    const std::string core = base64_core(trimmed, before);
    if (core.size() < kShortestPart) continue;
    add(core);
    add(url_alphabet(core));
  }
}

std::size_t MaskPatterns::match(std::string_view text) const {
  if (text.empty()) return 0;
  const std::uint16_t start = start_of(text.size() > 1 ? text.substr(0, 2) : std::string{text[0], '\0'});
  if (!starts_[start]) return 0;
  for (const std::size_t i : by_start_.at(start)) {
    const std::string& pattern = patterns_[i].reveal();
    if (text.starts_with(pattern)) return pattern.size();
  }
  return 0;
}

std::string Masker::feed(std::string_view text) {
  if (patterns_->empty()) return std::string(text);
  pending_.append(text);
  const std::size_t held = patterns_->longest() - 1;
  return settle(pending_.size() > held ? pending_.size() - held : 0);
}

std::string Masker::end_line() {
  std::string rest = settle(pending_.size());
  masked_ = 0;
  return rest;
}

std::string masked(const MaskPatterns& patterns, std::string_view text, bool cut_off) {
  Masker masker(patterns);
  std::string shown;
  for (;;) {
    const auto end = text.find('\n');
    const bool last = end == std::string_view::npos;
    shown += masker.feed(text.substr(0, end));
    if (!last || !cut_off) shown += masker.end_line();
    if (last) return shown;
    shown += '\n';
    text.remove_prefix(end + 1);
  }
}

/// Decides the first `count` bytes: all patterns that start there fit into what is pending, or the line has ended.
std::string Masker::settle(std::size_t count) {
  std::string shown;
  std::size_t masked_until = masked_;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t length = patterns_->match(std::string_view(pending_).substr(i));
    // The mask is shown where a match begins, and not again for one that overlaps it.
    if (length != 0 && i >= masked_until) shown += kMask;
    if (length != 0) masked_until = std::max(masked_until, i + length);
    if (i >= masked_until) shown += pending_[i];
  }
  masked_ = masked_until > count ? masked_until - count : 0;
  pending_.erase(0, count);
  return shown;
}

}  // namespace slipway::logs
