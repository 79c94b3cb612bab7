#include "pipelines/lint.hpp"

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"
#include "cli/session.hpp"
#include "cli/standard_input.hpp"
#include "cli/verbs.hpp"
#include "pipelines/schema.hpp"

namespace slipway::cli {
namespace {

Json json_of(const pipelines::LintReport& report) {
  Json list = Json::array();
  for (const pipelines::Diagnostic& found : report.diagnostics.sorted()) {
    const bool error = found.severity == pipelines::Diagnostic::Severity::error;
    list.push_back({{"file", found.file},
                    {"line", found.line},
                    {"column", found.column},
                    {"severity", error ? "error" : "warning"},
                    {"message", found.message},
                    {"text", found.text},
                    {"help", found.help}});
  }
  return list;
}

/// Needs no daemon. Exits 1 if the file has errors.
Result<Exit> lint(Session& session, const std::string& path) {
  const bool piped = path == "-";
  const Result<std::string> text =
      piped ? read_standard_input("git show HEAD:slipway.yml | slipway lint -") : read_file(path, 4 << 20);
  if (!text) return fail(text.error());
  const pipelines::LintReport report = pipelines::lint(*text, piped ? "<stdin>" : path);
  if (session.output.json) {
    if (Result<void> printed = print_json(json_of(report), session.output); !printed) return fail(printed.error());
  } else {
    fmt::print("{}", pipelines::render(report.diagnostics, *text));
    tell(session, report.summary);
  }
  return report.valid() ? Exit::ok : Exit::error;
}

Result<Exit> print_schema(Session& session) {
  if (!session.output.json) {
    fmt::print("{}", pipelines::schema());
    return Exit::ok;
  }
  const Result<Json> schema = parse_json(pipelines::schema());
  if (!schema) return fail(schema.error());
  if (Result<void> printed = print_json(*schema, session.output); !printed) return fail(printed.error());
  return Exit::ok;
}

}  // namespace

void add_lint(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("lint", "check a pipeline file; needs no daemon; exits 1 if it has errors");
  auto path = std::make_shared<std::string>("slipway.yml");
  CLI::Option* file = verb->add_option("FILE", *path, "the file; -: standard input")->capture_default_str();
  auto schema = std::make_shared<bool>(false);
  verb->add_flag("--schema", *schema, "print the JSON Schema of the file instead, for editors")->excludes(file);
  add_output_flags(*verb, session);
  verb->callback([&session, path, schema] { session.finish(*schema ? print_schema(session) : lint(session, *path)); });
}

}  // namespace slipway::cli
