#include "orchestrator/rollouts/hold.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "orchestrator/rollouts/window.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::rollouts {
namespace {

/// "maintainer", "release or maintainer", "a, b or c".
std::string one_of(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

/// "2026-11-28 14:30 UTC".
std::string minute_of(Time time) {
  std::string text = format_time(time).substr(0, 16);
  std::replace(text.begin(), text.end(), 'T', ' ');
  return text + " UTC";
}

std::string names_of(const std::vector<Approval>& approvals) {
  std::string text;
  for (const Approval& one : approvals) text += (text.empty() ? "" : ", ") + one.by;
  return text;
}

Time time_at(const Json& object, std::string_view key) {
  return Time(Milliseconds(number_at(object, key)));
}

}  // namespace

bool Hold::in_window(Time now) const {
  return !overridden_by.empty() || is_open(windows, now);
}

bool Hold::approved() const {
  if (!approval) return true;
  const bool another =
      std::any_of(approvals.begin(), approvals.end(), [this](const Approval& one) { return one.by != asked_by; });
  return approvals.size() >= approval->count && (another || !approval->by_another);
}

std::string Hold::waits_for(Time now) const {
  if (approved()) return in_window(now) ? std::string() : "the window: " + opens_when(windows, now);
  std::string text = "approval by " + one_of(approval->roles);
  const bool only_another =
      approval->by_another && approvals.size() + 1 >= approval->count &&
      std::all_of(approvals.begin(), approvals.end(), [this](const Approval& one) { return one.by == asked_by; });
  if (only_another && !asked_by.empty()) text += ", not by " + asked_by + " alone";
  text += " until " + minute_of(until_shown);
  if (!approvals.empty()) {
    text += "; " + std::to_string(approvals.size()) + " of " + std::to_string(approval->count) + " given, by " +
            names_of(approvals);
  } else if (approval->count > 1) {
    text += "; " + std::to_string(approval->count) + " are needed";
  }
  return text;
}

Result<void> Hold::may_speak(const Word& word) const {
  if (approved()) return fail(Error::Kind::conflict, "it does not wait for an approval");
  const bool has_role = std::any_of(word.roles.begin(), word.roles.end(), [this](const std::string& role) {
    return std::find(approval->roles.begin(), approval->roles.end(), role) != approval->roles.end();
  });
  if (has_role) return {};
  return fail(Error::Kind::forbidden,
              "this needs the role " + one_of(approval->roles) + ", the token '" + word.by + "' has " +
                  (word.roles.empty() ? "none" : word.roles.back()),
              "ask an administrator for a token with that role");
}

Result<void> Hold::approve(const Word& word, Time now) {
  if (auto allowed = may_speak(word); !allowed) return allowed;
  const bool again =
      std::any_of(approvals.begin(), approvals.end(), [&](const Approval& one) { return one.by == word.by; });
  if (again) return fail(Error::Kind::conflict, word.by + " has approved it already; it waits for " + waits_for(now));
  for (const std::string& role : approval->roles) {
    if (std::find(word.roles.begin(), word.roles.end(), role) == word.roles.end()) continue;
    approvals.push_back({word.by, role, now, word.reason});
    break;
  }
  return {};
}

std::string Hold::too_late() const {
  const std::string within = " within " + pipelines::format_duration(approval->timeout) + "; nothing was changed";
  if (approvals.empty()) return "nobody with the role " + one_of(approval->roles) + " approved it" + within;
  return "it was approved by " + names_of(approvals) + " only, which is not enough," + within;
}

namespace {

Json window_json(const Window& window) {
  Json except = Json::array();
  for (const Window::Dates& dates : window.except) {
    except.push_back({dates.first.time_since_epoch().count(), dates.last.time_since_epoch().count()});
  }
  return {{"zone", window.zone},
          {"days", window.days},
          {"from", window.from.count()},
          {"to", window.to.count()},
          {"except", std::move(except)}};
}

Window window_from(const Json& json) {
  Window window;
  window.zone = text_at(json, "zone");
  const Json& days = value_at(json, "days");
  for (std::size_t i = 0; i < window.days.size() && i < days.size(); ++i) window.days[i] = days[i] == true;
  window.from = std::chrono::minutes(number_at(json, "from"));
  window.to = std::chrono::minutes(number_at(json, "to"));
  const auto date = [](const Json& number) {
    return std::chrono::local_days(std::chrono::days(number.get<std::int32_t>()));
  };
  for (const Json& dates : value_at(json, "except")) {
    if (dates.is_array() && dates.size() == 2) window.except.push_back({date(dates[0]), date(dates[1])});
  }
  return window;
}

}  // namespace

Json hold_json(const Hold& hold) {
  Json json = Json::object();
  if (!hold.windows.empty()) {
    Json windows = Json::array();
    for (const Window& window : hold.windows) windows.push_back(window_json(window));
    json["windows"] = std::move(windows);
    json["overridden_by"] = hold.overridden_by;
  }
  if (!hold.approval) return json;
  Json approvals = Json::array();
  for (const Approval& one : hold.approvals) {
    approvals.push_back(
        {{"by", one.by}, {"role", one.role}, {"at", one.at.time_since_epoch().count()}, {"reason", one.reason}});
  }
  json["approval"] = {{"roles", hold.approval->roles},
                      {"count", hold.approval->count},
                      {"timeout_ms", hold.approval->timeout.count()},
                      {"by_another", hold.approval->by_another},
                      {"asked_by", hold.asked_by},
                      {"until", hold.until ? Json(hold.until->time_since_epoch().count()) : Json()},
                      {"until_shown", hold.until_shown.time_since_epoch().count()},
                      {"approvals", std::move(approvals)}};
  return json;
}

Hold hold_from(const Json& json) {
  Hold hold;
  for (const Json& window : value_at(json, "windows")) hold.windows.push_back(window_from(window));
  hold.overridden_by = text_at(json, "overridden_by");
  const Json& from = value_at(json, "approval");
  if (!from.is_object()) return hold;
  ApprovalPolicy policy;
  policy.roles = texts_in(value_at(from, "roles"));
  policy.count = static_cast<std::size_t>(number_at(from, "count", 1));
  policy.timeout = Milliseconds(number_at(from, "timeout_ms"));
  policy.by_another = flag_at(from, "by_another");
  hold.approval = std::move(policy);
  hold.asked_by = text_at(from, "asked_by");
  if (value_at(from, "until").is_number_integer()) hold.until = time_at(from, "until");
  hold.until_shown = time_at(from, "until_shown");
  for (const Json& one : value_at(from, "approvals")) {
    hold.approvals.push_back({text_at(one, "by"), text_at(one, "role"), time_at(one, "at"), text_at(one, "reason")});
  }
  return hold;
}

std::optional<Hold> hold_of(const store::Rollout& rollout) {
  if (rollout.ended || rollout.fence != 0) return std::nullopt;
  const auto kept = parse_json(rollout.progress);
  if (!kept) return std::nullopt;
  Hold hold = hold_from(value_at(*kept, "hold"));
  const bool in_any_case = hold.windows.empty() || !hold.overridden_by.empty();
  if (hold.approved() && in_any_case) return std::nullopt;
  return hold;
}

void hold_back(store::Rollout& rollout, const Policy& policy, std::string asked_by, Time now, Time present) {
  if (!policy.approval && policy.windows.empty()) return;
  Hold hold;
  hold.approval = policy.approval;
  hold.windows = policy.windows;
  hold.asked_by = std::move(asked_by);
  if (policy.approval) {
    hold.until = present + policy.approval->timeout;
    hold.until_shown = now + policy.approval->timeout;
  }
  rollout.progress = dump_json({{"hold", hold_json(hold)}});
  if (hold.passed(now)) return;
  rollout.state = std::string(name_of(Stage::waiting));
  rollout.reason = "waits for " + hold.waits_for(now);
}

Result<void> save_hold(store::Transaction& tx, RolloutId id, const Hold& hold, Time now) {
  const bool passed = hold.passed(now);
  store::RolloutProgress row;
  row.state = std::string(name_of(passed ? Stage::queued : Stage::waiting));
  row.reason = passed ? std::string() : "waits for " + hold.waits_for(now);
  row.progress = dump_json({{"hold", hold_json(hold)}});
  row.at = now;
  return store::Rollouts(tx).save_waiting(id, std::move(row));
}

}  // namespace slipway::rollouts
