#pragma once
#include <vector>

#include "base/json.hpp"
#include "orchestrator/http/actions.hpp"
#include "orchestrator/store/attempts.hpp"
#include "orchestrator/store/audit.hpp"
#include "orchestrator/store/deliveries.hpp"
#include "orchestrator/store/events.hpp"
#include "orchestrator/store/images.hpp"
#include "orchestrator/store/jobs.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"
#include "orchestrator/store/tokens.hpp"

/// Records as the API shows them: the schemas of openapi.json, field by field.
namespace slipway::http {

Json render(const store::Run& run, const std::string& project);
Json render(const store::Job& job, const std::vector<store::Attempt>& attempts);
Json render(const store::BuiltImage& image);
Json render(const store::PushedImage& push);
Json render(const store::Event& event, const std::string& project);
Json render(const store::Project& project, const std::string& public_url);
Json render(const store::Delivery& delivery, const std::string& project);
Json render(const store::Token& token);
Json render(const store::AuditEntry& entry);
Json render(const AppSummary& app);
Json render(const AppStatus& app);
Json render(const RolloutSummary& rollout);
Json render(const RolloutAudit& audit);
Json render(const AppLogLine& line);
Json render(const HostStatus& host);

/// A number, or null for 0.
Json number_or_null(std::int64_t number);
std::string hook_url(const std::string& public_url, const std::string& project);
/// `text` if it is a JSON object, else an empty one.
Json object_of(const std::string& text);

}  // namespace slipway::http
