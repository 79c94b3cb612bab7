#include "orchestrator/rollouts/metric_alarm.hpp"

#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/evidence.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

constexpr std::size_t longest_labels = 200;
constexpr std::size_t longest_error = 300;

std::string labels_of(const Json& metric) {
  std::string text;
  if (!metric.is_object()) return text;
  for (const auto& [name, value] : metric.items()) {
    if (!value.is_string()) continue;
    text += (text.empty() ? "{" : ", ") + name + "=\"" + value.get<std::string>() + "\"";
  }
  if (text.size() > longest_labels) text = text.substr(0, longest_labels) + "…";
  return text.empty() ? text : printable(text) + "}";
}

/// A pair of time and number, the number as a text.
std::optional<double> number_in(const Json& pair) {
  if (!pair.is_array() || pair.size() != 2 || !pair[1].is_string()) return std::nullopt;
  const auto text = pair[1].get<std::string>();
  if (text == "+Inf") return HUGE_VAL;
  if (text == "-Inf") return -HUGE_VAL;
  double number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (bad != std::errc() || end != text.data() + text.size() || std::isnan(number)) return std::nullopt;
  return number;
}

std::string written(double number) {
  char text[32];
  const auto [end, bad] = std::to_chars(text, text + sizeof text, number, std::chars_format::general, 6);
  return bad == std::errc() ? std::string(text, end) : "?";
}

}  // namespace

Result<std::vector<MetricSample>> parse_instant_query(std::string_view body) {
  auto json = parse_json(body);
  if (!json) return fail(Error::Kind::protocol, "the answer is no JSON");
  if (text_at(*json, "status") != "success") {
    std::string why = printable(text_at(*json, "error").substr(0, longest_error));
    return fail(Error::Kind::failed, why.empty() ? "the answer is no answer of a query" : why);
  }
  const Json& data = value_at(*json, "data");
  const Json& result = value_at(data, "result");
  const std::string type = text_at(data, "resultType");
  std::vector<MetricSample> samples;
  if (type == "scalar") {
    if (const auto number = number_in(result)) samples.push_back({"", *number});
    return samples;
  }
  if (type != "vector") return fail(Error::Kind::failed, "the query answers neither a vector nor a scalar");
  for (const Json& row : result) {
    if (const auto number = number_in(value_at(row, "value"))) {
      samples.push_back({labels_of(value_at(row, "metric")), *number});
    }
  }
  return samples;
}

std::optional<std::string> MetricAlarm::breach_in(const std::vector<MetricSample>& samples) const {
  for (const MetricSample& one : samples) {
    const std::string what = gate_.name + one.labels + " is " + written(one.value);
    if (gate_.above && one.value > *gate_.above) return what + ", above " + written(*gate_.above);
    if (gate_.below && one.value < *gate_.below) return what + ", below " + written(*gate_.below);
  }
  return std::nullopt;
}

std::optional<std::string> MetricAlarm::go_off(std::string what) {
  if (off_) return std::nullopt;
  off_ = true;
  return what;
}

std::optional<std::string> MetricAlarm::no_data(const std::string& why) {
  breached_since_.reset();
  ++blind_;
  if (gate_.ignore_no_data || blind_ < gate_.tries) return std::nullopt;
  return go_off(gate_.name + ": " + why + ", " + std::to_string(blind_) + " times in a row");
}

std::optional<std::string> MetricAlarm::observe(const Result<std::vector<MetricSample>>& answer, Time now) {
  if (!answer) return no_data(answer.error().message);
  if (answer->empty()) return no_data("the query has no data");
  blind_ = 0;
  const auto breach = breach_in(*answer);
  if (!breach) {
    off_ = false;
    breached_since_.reset();
    return std::nullopt;
  }
  if (!breached_since_) breached_since_ = now;
  if (now - *breached_since_ < gate_.lasting) return std::nullopt;
  const bool lasted = gate_.lasting.count() > 0;
  return go_off(*breach + (lasted ? " for " + pipelines::format_duration(gate_.lasting) : ""));
}

}  // namespace slipway::rollouts
