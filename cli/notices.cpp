#include "cli/notices.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "cli/session.hpp"

namespace slipway::cli {

void tell_notices(Session& session) {
  const Result<Api*> api = session.api();
  if (!api) return;
  const Result<Json> health = (*api)->get("/healthz");
  if (!health) return;
  for (const Json& notice : value_at(*health, "notices")) {
    const std::string hint = text_at(notice, "hint");
    tell(session, fmt::format("{}: {}{}", harmless(text_at(notice, "about")), harmless(text_at(notice, "message")),
                              hint.empty() ? "" : "; " + harmless(hint)));
  }
}

}  // namespace slipway::cli
