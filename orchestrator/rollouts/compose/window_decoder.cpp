#include "orchestrator/rollouts/compose/window_decoder.hpp"

#include <algorithm>
#include <charconv>

#include "orchestrator/rollouts/compose/time_zone.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t most_windows = 20;
constexpr std::size_t most_dates = 400;
constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu", "fri", "sat", "sun"};

std::optional<int> number_in(std::string_view text) {
  int number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc() || end != text.data() + text.size() || text.front() == '-') return std::nullopt;
  return number;
}

std::optional<std::size_t> day_of(std::string_view name) {
  const auto found = std::find(day_names.begin(), day_names.end(), name);
  if (found == day_names.end()) return std::nullopt;
  return static_cast<std::size_t>(found - day_names.begin());
}

/// "mon", "mon-fri", and over the end of the week "sat-mon".
bool add_days(std::string_view text, std::array<bool, 7>& days) {
  const auto dash = text.find('-');
  const auto first = day_of(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : day_of(text.substr(dash + 1));
  if (!first || !last) return false;
  for (std::size_t day = *first;; day = (day + 1) % 7) {
    days[day] = true;
    if (day == *last) return true;
  }
}

void decode_days(MapReader& entry, Window& window, Diagnostics& diagnostics) {
  const YamlNode* node = entry.find("days");
  if (node == nullptr) return;
  window.days.fill(false);
  for (const Placed& one : pipelines::read_texts(*node, "`days`", 7, diagnostics)) {
    if (add_days(one.text, window.days)) continue;
    diagnostics.error(one.at, "`days` are mon, tue, wed, thu, fri, sat, sun, or from one to another", one.text,
                      "days: [mon-thu, sat]");
  }
}

void decode_minute(MapReader& entry, std::string_view key, std::chrono::minutes& into, Diagnostics& diagnostics) {
  const YamlNode* node = entry.find(key);
  if (node == nullptr) return;
  const auto text = pipelines::read_text(*node, key, diagnostics);
  if (!text) return;
  if (const auto minute = parse_minute(*text)) {
    into = *minute;
  } else {
    diagnostics.error(node->at, "`" + std::string(key) + "` is a time of day", *text, "write it as \"09:00\"");
  }
}

void decode_except(MapReader& entry, Window& window, Diagnostics& diagnostics) {
  const YamlNode* node = entry.find("except");
  if (node == nullptr) return;
  for (const Placed& one : pipelines::read_texts(*node, "`except`", most_dates, diagnostics)) {
    const auto dots = one.text.find("..");
    const auto first = parse_date(std::string_view(one.text).substr(0, dots));
    const auto last = dots == std::string::npos ? first : parse_date(std::string_view(one.text).substr(dots + 2));
    if (first && last && *first <= *last) {
      window.except.push_back({*first, *last});
    } else {
      diagnostics.error(one.at, "`except` has dates, or from one to another", one.text,
                        "except: [2026-12-24..2027-01-01]");
    }
  }
}

void decode_zone(MapReader& entry, const ComposeRules& rules, Window& window, Diagnostics& diagnostics) {
  const YamlNode* node = entry.require("zone", "zone: Europe/Berlin");
  if (node == nullptr) return;
  window.zone = pipelines::read_text(*node, "`zone`", diagnostics).value_or("");
  if (window.zone.empty() || !rules.check_zones) return;
  const auto known = TimeZone::find(window.zone);
  if (!known) diagnostics.error(node->at, known.error().message, window.zone, known.error().hint);
}

Window decode_window(const YamlNode& node, const ComposeRules& rules, Diagnostics& diagnostics) {
  Window window;
  MapReader entry(node, "`window`", diagnostics);
  decode_zone(entry, rules, window, diagnostics);
  decode_days(entry, window, diagnostics);
  decode_minute(entry, "from", window.from, diagnostics);
  decode_minute(entry, "to", window.to, diagnostics);
  if (window.from >= std::chrono::hours(24)) {
    diagnostics.error(entry.at("from"), "`from` is before 24:00");
  } else if (window.from == window.to) {
    diagnostics.error(entry.at("from"), "`from` and `to` are the same", {}, "leave both out for the whole day");
  }
  decode_except(entry, window, diagnostics);
  entry.finish();
  return window;
}

}  // namespace

std::optional<std::chrono::minutes> parse_minute(std::string_view text) {
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  const auto hour = number_in(text.substr(0, 2));
  const auto minute = number_in(text.substr(3));
  if (!hour || !minute || *minute > 59 || *hour > 24 || (*hour == 24 && *minute != 0)) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute);
}

std::optional<std::chrono::local_days> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = number_in(text.substr(0, 4));
  const auto month = number_in(text.substr(5, 2));
  const auto day = number_in(text.substr(8));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::local_days(date);
}

void decode_windows(MapReader& map, const ComposeRules& rules, Policy& policy, Diagnostics& diagnostics) {
  const YamlNode* node = map.find("window");
  if (node == nullptr) return;
  if (!node->is_list()) {
    policy.windows.push_back(decode_window(*node, rules, diagnostics));
    return;
  }
  if (node->items.empty() || node->items.size() > most_windows) {
    diagnostics.error(node->at, "`window` is a map, or a list of at most 20 of them");
    return;
  }
  for (const YamlNode& item : node->items) policy.windows.push_back(decode_window(item, rules, diagnostics));
}

}  // namespace slipway::rollouts
