#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/standard_input.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

Result<Exit> secret_set(Session& session, const std::string& name, bool keep_line_end) {
  const Result<std::string> project = session.project();
  if (!project) return fail(project.error());
  Result<std::string> value = read_standard_input("printf '%s' \"$VALUE\" | slipway secret set " + name);
  if (!value) return fail(value.error());
  if (!keep_line_end) *value = without_line_end(*value);
  if (value->empty()) return fail(Error::Kind::invalid, "the secret is empty");
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> done =
      (*api)->put("/api/v1/projects/" + segment(*project) + "/secrets/" + segment(name), {{"value", *value}});
  return print_done(session, done, "secret '" + name + "' of " + *project + " is set");
}

}  // namespace

void add_secret_set(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("set", "set a secret; its value comes from standard input");
  auto name = std::make_shared<std::string>();
  auto keep = std::make_shared<bool>(false);
  verb->add_option("NAME", *name, "how jobs name it")->required();
  verb->add_flag("--keep-line-end", *keep, "keep line breaks at the end of the value");
  add_project_flag(*verb, session);
  add_output_flags(*verb, session);
  verb->callback([&session, name, keep] { session.finish(secret_set(session, *name, *keep)); });
}

}  // namespace slipway::cli
