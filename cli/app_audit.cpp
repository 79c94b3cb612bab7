#include <algorithm>

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

bool is_number(const std::string& text) {
  return !text.empty() && text.size() < 18 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

Result<Json> fetch(const Api& api, const std::string& what, int limit) {
  if (!is_number(what)) return api.get("/api/v1/apps/" + segment(what) + "/audit", {{"limit", std::to_string(limit)}});
  Result<Json> one = api.get("/api/v1/rollouts/" + what + "/audit", {});
  if (!one) return one;
  return Json{{"items", Json::array({std::move(*one)})}};
}

void print_evidence(const Json& evidence) {
  if (!evidence.is_object()) return;
  fmt::print("  from run {} (#{} of {}, asked for by {}), commit {} by {}: {}\n", number_at(evidence, "run"),
             number_at(evidence, "number"), harmless(text_at(evidence, "project")),
             harmless(text_at(evidence, "asked_by")), harmless(text_at(evidence, "commit")),
             harmless(text_at(evidence, "author")), harmless(text_at(evidence, "title")));
  std::string jobs;
  for (const Json& job : value_at(evidence, "jobs")) {
    jobs += (jobs.empty() ? "" : ", ") + text_at(job, "name") + " " + text_at(job, "verdict");
  }
  if (!jobs.empty()) fmt::print("  jobs: {}\n", harmless(jobs));
  for (const Json& push : value_at(evidence, "pushes")) {
    fmt::print("  pushed {}:{} as {}, built as {}\n", harmless(text_at(push, "repository")),
               harmless(text_at(push, "tag")), harmless(text_at(push, "digest")), harmless(text_at(push, "config_id")));
  }
}

void print_audit(const Json& audit) {
  const Json& rollout = value_at(audit, "rollout");
  const std::string state = text_at(rollout, "state");
  const std::string reason = text_at(rollout, "reason");
  fmt::print("rollout {} of {}  {}{}{}\n", number_at(rollout, "id"), harmless(text_at(rollout, "app")),
             styled(style_of(state), state), reason.empty() ? "" : ": ", harmless(reason));
  fmt::print("  {} of generation {}, asked for by {} at {}\n", harmless(text_at(rollout, "kind")),
             number_at(rollout, "generation"), harmless(text_at(rollout, "actor")),
             harmless(text_at(rollout, "started_at")));
  for (const auto& [service, image] : value_at(rollout, "images").items()) {
    if (image.is_string()) fmt::print("  {}: {}\n", harmless(service), harmless(image.get<std::string>()));
  }
  print_evidence(value_at(audit, "evidence"));
  Table table({"TIME", "FENCE", "WHERE", "WHAT", "BY", "DETAIL"});
  for (const Json& entry : value_at(audit, "entries")) {
    const std::string who = text_at(entry, "who");
    std::string detail = text_at(entry, "detail");
    detail = detail.substr(0, detail.find('\n'));
    table.add({text_at(entry, "at"), number_text(entry, "fence"), text_at(entry, "host"), text_at(entry, "what"),
               who.empty() ? "slipway" : who, detail});
  }
  fmt::print("{}", table.render(stdout_is_terminal()));
}

Result<Exit> app_audit(Session& session, const std::string& what, int limit) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> found = fetch(**api, what, limit);
  if (!found) return fail(found.error());
  const Json& audits = value_at(*found, "items");
  if (session.output.json) {
    if (Result<void> printed = print_json(audits, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  for (const Json& audit : audits) print_audit(audit);
  return Exit::ok;
}

}  // namespace

void add_app_audit(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand(
      "audit", "who had what rolled out, who approved, on which evidence, and what happened on each host");
  auto what = std::make_shared<std::string>();
  auto limit = std::make_shared<int>(1);
  verb->add_option("APP|ROLLOUT", *what, "an application, or the number of a rollout")->required();
  verb->add_option("-L,--limit", *limit, "of an application: how many of its newest rollouts")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  add_output_flags(*verb, session);
  verb->callback([&session, what, limit] { session.finish(app_audit(session, *what, *limit)); });
}

}  // namespace slipway::cli
