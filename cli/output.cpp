#include "cli/output.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "cli/jq.hpp"

namespace slipway::cli {
namespace {

bool colours() {
  static const bool on = [] {
    const char* force = std::getenv("CLICOLOR_FORCE");
    if (force && *force && std::string_view(force) != "0") return true;
    const char* none = std::getenv("NO_COLOR");
    return stdout_is_terminal() && !(none && *none);
  }();
  return on;
}

/// Columns a terminal uses for UTF-8 text, every code point counted as one.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

Result<Json> pick(const Json& object, const std::vector<std::string>& fields) {
  Json picked = Json::object();
  for (const std::string& field : fields) {
    const auto found = object.find(field);
    if (found == object.end()) {
      std::string known;
      for (auto entry = object.begin(); entry != object.end(); ++entry) known += " " + entry.key();
      return fail(Error::Kind::invalid, "there is no field '" + field + "'", "fields:" + known);
    }
    picked[field] = *found;
  }
  return picked;
}

std::vector<std::string> split_fields(const std::string& text) {
  std::vector<std::string> fields;
  for (std::size_t start = 0; start <= text.size();) {
    const std::size_t end = std::min(text.find(',', start), text.size());
    if (end > start) fields.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return fields;
}

Result<Json> pick_fields(const Json& data, const std::string& fields) {
  const std::vector<std::string> wanted = split_fields(fields);
  if (wanted.empty()) return data;
  if (data.is_object()) return pick(data, wanted);
  Json list = Json::array();
  for (const Json& item : data) {
    Result<Json> one = pick(item, wanted);
    if (!one) return one;
    list.push_back(std::move(*one));
  }
  return list;
}

std::string words(std::chrono::seconds time) {
  const auto s = time.count();
  if (s < 60) return fmt::format("{}s", s);
  if (s < 3600) return fmt::format("{}m {}s", s / 60, s % 60);
  if (s < 86400) return fmt::format("{}h {}m", s / 3600, s % 3600 / 60);
  return fmt::format("{}d {}h", s / 86400, s % 86400 / 3600);
}

}  // namespace

bool stdout_is_terminal() {
  return ::isatty(STDOUT_FILENO) == 1;
}
bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

std::string styled(Style style, std::string_view text) {
  static constexpr std::string_view codes[] = {"", "32", "31", "33", "2", "1"};
  if (!colours() || style == Style::plain) return std::string(text);
  return fmt::format("\033[{}m{}\033[0m", codes[static_cast<int>(style)], text);
}

Style style_of(std::string_view word) {
  for (const char* good : {"passed", "succeeded", "healthy", "accepted", "ok", "committed", "exited"}) {
    if (word == good) return Style::good;
  }
  for (const char* bad : {"failed", "error", "refused", "unhealthy", "unreachable", "rolled_back", "rollback_failed",
                          "interrupted", "rejected"}) {
    if (word == bad) return Style::bad;
  }
  for (const char* faint : {"skipped", "cancelled", "superseded", "ignored", "duplicate", "pending", "queued"}) {
    if (word == faint) return Style::faint;
  }
  return Style::busy;
}

void Table::add(std::vector<std::string> cells, std::vector<Style> styles) {
  for (std::string& cell : cells) cell = harmless(cell);
  rows_.push_back({std::move(cells), std::move(styles)});
}

std::string Table::render(bool terminal) const {
  std::vector<std::size_t> widths(headings_.size());
  for (std::size_t i = 0; i < headings_.size(); ++i) widths[i] = width_of(headings_[i]);
  for (const Row& row : rows_) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) widths[i] = std::max(widths[i], width_of(row.cells[i]));
  }
  std::string out;
  const auto line = [&](const Row& row) {
    for (std::size_t i = 0; i < row.cells.size(); ++i) {
      const bool last = i + 1 == row.cells.size();
      out += i < row.styles.size() ? styled(row.styles[i], row.cells[i]) : row.cells[i];
      if (last) continue;
      out += terminal ? std::string(widths[i] - width_of(row.cells[i]) + 2, ' ') : "\t";
    }
    out += '\n';
  };
  if (terminal) line({headings_, std::vector<Style>(headings_.size(), Style::faint)});
  for (const Row& row : rows_) line(row);
  return out;
}

Result<void> print_json(const Json& data, const OutputOptions& options) {
  Result<Json> picked = pick_fields(data, options.fields);
  if (!picked) return fail(picked.error());
  if (options.jq.empty()) {
    fmt::print("{}\n", picked->dump(stdout_is_terminal() ? 2 : -1, ' ', false, Json::error_handler_t::replace));
    return {};
  }
  Result<std::string> filtered = run_jq(options.jq, dump_json(*picked));
  if (!filtered) return fail(filtered.error());
  fmt::print("{}", *filtered);
  return {};
}

std::string duration_between(const std::string& since, const std::string& until) {
  const Result<Time> start = parse_time(since);
  if (!start) return {};
  const Result<Time> end = until.empty() ? Result<Time>(SystemClock().now()) : parse_time(until);
  if (!end || *end < *start) return {};
  return words(std::chrono::duration_cast<std::chrono::seconds>(*end - *start));
}

std::string time_ago(const std::string& when) {
  const std::string passed = duration_between(when, {});
  return passed.empty() ? "" : passed.substr(0, passed.find(' ')) + " ago";
}

std::string number_text(const Json& object, std::string_view key) {
  const std::int64_t number = number_at(object, key);
  return number == 0 ? std::string() : std::to_string(number);
}

namespace {

/// The bytes of a character at `at` that terminals obey though it is not below 0x20: U+0080 to U+009F, as CSI in one,
/// and those that turn the direction of text (U+202A to U+202E, U+2066 to U+2069). 0: it is none.
std::size_t hidden_control(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0U; };
  if (byte(0) == 0xc2 && byte(1) >= 0x80 && byte(1) <= 0x9f) return 2;
  if (byte(0) != 0xe2) return 0;
  if (byte(1) == 0x80 && byte(2) >= 0xaa && byte(2) <= 0xae) return 3;
  return byte(1) == 0x81 && byte(2) >= 0xa6 && byte(2) <= 0xa9 ? 3 : 0;
}

/// The length of an SGR sequence at `at`, "ESC [ 1 ; 31 m": colours and weights. 0: it is none.
std::size_t sgr(std::string_view text, std::size_t at) {
  if (text.substr(at, 2) != "\x1b[") return 0;
  const auto end = text.find_first_not_of("0123456789;:", at + 2);
  return end != std::string_view::npos && text[end] == 'm' ? end + 1 - at : 0;
}

std::string escaped(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  return out;
}

}  // namespace

std::size_t whole_characters(std::string_view text) {
  for (std::size_t behind = 1; behind <= std::min(text.size(), std::size_t(3)); ++behind) {
    const auto byte = static_cast<unsigned char>(text[text.size() - behind]);
    if ((byte & 0xc0) == 0x80) continue;  // not a character's first byte
    const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > behind ? text.size() - behind : text.size();
  }
  return text.size();
}

std::string harmless_log(std::string_view text) {
  std::string out;
  const std::string_view begun = text.substr(whole_characters(text));
  text.remove_suffix(begun.size());
  for (std::size_t at = 0; at < text.size();) {
    const auto byte = static_cast<unsigned char>(text[at]);
    const std::size_t control = hidden_control(text, at);
    const std::size_t colour = sgr(text, at);
    const std::size_t length = std::max({control, colour, std::size_t(1)});
    const std::string_view bytes = text.substr(at, length);
    at += length;
    if (byte == '\r') {  // would write over what stands there
      if (at == text.size() || text[at] != '\n') out += '\n';
      continue;
    }
    const bool plain = (byte >= 0x20 && byte != 0x7f) || byte == '\t' || byte == '\n';
    out += control == 0 && (plain || colour != 0) ? std::string(bytes) : escaped(bytes);
  }
  return out + escaped(begun);
}

std::string harmless(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    const auto byte = static_cast<unsigned char>(c);
    if (const std::size_t control = hidden_control(text, at); control != 0) {
      out += escaped(text.substr(at, control));
      at += control - 1;
    } else if (byte >= 0x20 && byte != 0x7f) {
      out += c;
    } else if (c == '\t' || c == '\n' || c == '\r') {
      out += ' ';
    } else {
      out += escaped({&c, 1});
    }
  }
  return out;
}

}  // namespace slipway::cli
