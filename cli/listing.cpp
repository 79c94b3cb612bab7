#include "cli/listing.hpp"

#include <CLI/App.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace slipway::cli {

Result<Exit> print_list(Session& session, const std::string& path, const Query& query, Table table,
                        const std::function<void(Table&, const Json&)>& fill, const std::string& none) {
  const Result<Api*> api = session.api();
  if (!api) return fail(api.error());
  const Result<Json> page = (*api)->get(path, query);
  if (!page) return fail(page.error());
  const Json& items = value_at(*page, "items");
  if (session.output.json) {
    if (Result<void> printed = print_json(items, session.output); !printed) return fail(printed.error());
    return Exit::ok;
  }
  for (const Json& item : items) fill(table, item);
  if (table.empty()) {
    tell(session, none);
  } else {
    fmt::print("{}", table.render(stdout_is_terminal()));
  }
  return Exit::ok;
}

void add_limit_flag(CLI::App& verb, int& limit) {
  verb.add_option("-L,--limit", limit, "how many at most")->check(CLI::Range(1, 200))->capture_default_str();
}

Result<Exit> print_done(Session& session, const Result<Json>& answer, const std::string& said) {
  if (!answer) return fail(answer.error());
  if (session.output.json) {
    if (Result<void> printed = print_json(*answer, session.output); !printed) return fail(printed.error());
  } else {
    tell(session, said);
  }
  return Exit::ok;
}

}  // namespace slipway::cli
