#include <CLI/App.hpp>
#include <nlohmann/json.hpp>

#include "cli/listing.hpp"
#include "cli/verbs.hpp"

namespace slipway::cli {
namespace {

/// "application=shop generation=4": what a line is about, in one line.
std::string subject_of(const Json& entry) {
  std::string words;
  for (const auto& [key, value] : value_at(entry, "data").items()) {
    words += (words.empty() ? "" : " ") + key + "=" + (value.is_string() ? value.get<std::string>() : dump_json(value));
  }
  return words;
}

}  // namespace

void add_admin_audit(CLI::App& parent, Session& session) {
  CLI::App* verb = parent.add_subcommand("audit", "who changed what, newest first; of a rollout, see also app audit");
  auto limit = std::make_shared<int>(20);
  add_limit_flag(*verb, *limit);
  add_output_flags(*verb, session);
  verb->callback([&session, limit] {
    const auto fill = [](Table& table, const Json& entry) {
      table.add({text_at(entry, "at"), text_at(entry, "who"), text_at(entry, "what"), number_text(entry, "rollout"),
                 subject_of(entry)},
                {Style::plain, Style::strong});
    };
    session.finish(print_list(session, "/api/v1/audit", {{"limit", std::to_string(*limit)}},
                              Table({"TIME", "WHO", "WHAT", "ROLLOUT", "ABOUT"}), fill, "nobody has changed anything"));
  });
}

}  // namespace slipway::cli
