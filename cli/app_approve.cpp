#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/app_wish.hpp"
#include "cli/listing.hpp"
#include "cli/number_check.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

struct ApproveOptions {
  std::string app, reason;
  std::int64_t generation = 0;
  bool reject = false;
};

/// The oldest that waits for an approval, or that of the generation which was named.
Result<Json> find_waiting(Session& session, const ApproveOptions& options) {
  Result<Json> app = (*session.api())->get("/api/v1/apps/" + segment(options.app), {});
  if (!app) return app;
  for (const Json& waiting : value_at(*app, "waiting")) {
    const bool meant = options.generation == 0 || number_at(waiting, "generation") == options.generation;
    if (meant && !value_at(waiting, "roles").empty()) return waiting;
  }
  return fail(Error::Kind::conflict, "no such rollout of " + options.app + " waits for an approval",
              "slipway app status " + options.app);
}

/// Shows what it is about first, and names that generation: another one may take its place at any time.
Result<Exit> app_approve(Session& session, const ApproveOptions& options) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> waiting = find_waiting(session, options);
  if (!waiting) return fail(waiting.error());
  const std::int64_t generation = number_at(*waiting, "generation");
  for (const auto& [service, image] : value_at(*waiting, "images").items()) {
    tell(session, fmt::format("  {}: {}", harmless(service), harmless(image.get<std::string>())));
  }
  Json body = {{"generation", generation}, {"reject", options.reject}};
  if (!options.reason.empty()) body["reason"] = options.reason;
  const Result<Json> asked = post_to_app(session, options.app, "approve", body);
  if (!asked) return fail(asked.error());
  return print_done(session, asked,
                    fmt::format("rollout {}, generation {} of {}: {}", number_at(*asked, "id"), generation, options.app,
                                options.reject ? "rejected" : "approved"));
}

}  // namespace

void add_app_approve(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("approve", "approve the rollout that waits for it; shows what it would bring");
  auto options = std::make_shared<ApproveOptions>();
  verb->add_option("APP", options->app, "the application")->required();
  verb->add_option("--generation", options->generation, "only if it is this one that waits")
      ->check(number_check("a generation's number", "slipway app status"));
  verb->add_flag("--reject", options->reject, "say no: it ends, and nothing is changed");
  verb->add_option("--reason", options->reason, "why, for the others");
  add_output_flags(*verb, session);
  verb->callback([&session, options] { session.finish(app_approve(session, *options)); });
}

}  // namespace slipway::cli
