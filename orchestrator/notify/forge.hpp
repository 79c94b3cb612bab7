#pragma once
#include <string>
#include <string_view>

#include "base/http_client.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"

/// What forges are told about runs: pure, no I/O.
namespace slipway::notify {

/// A project at its forge.
struct ForgeProject {
  store::Forge forge = store::Forge::none;
  std::string api;         ///< base URL without a slash at its end: https://api.github.com
  std::string repository;  ///< "owner/name", at GitLab with sub-groups
  Secret token;            ///< at Bitbucket "user:app password" is taken, too
};

/// Derived from the clone URL (https, ssh or git@host:path) and the project's forge_url, which wins over the usual
/// place of the API at the clone URL's host. Without a forge, a host or a repository in them it is Kind::invalid.
Result<ForgeProject> forge_project(const store::Project& project, Secret token);

/// Who answers for the project's forge: host[:port] of its API, in lower case; empty if that can't be told.
std::string forge_host(const store::Project& project);

/// A commit's status in slipway's words.
struct CommitStatus {
  std::string commit;
  std::string context;  ///< ci/slipway/<event>/<pipeline file's stem>
  store::RunState state = store::RunState::queued;
  store::Verdict verdict = store::Verdict::none;
  std::string description;
  std::string target_url;
};

std::string context_of(store::Trigger event, const std::string& pipeline_file);
/// `public_url` is the daemon's own address; without one the status links to nothing.
CommitStatus status_of(const store::Run& run, const store::Project& project, const std::string& public_url);

/// The word each forge has for it:
///   github     pending, success, failure, error
///   gitlab     pending, running, success, failed, canceled, skipped
///   gitea      pending, success, failure, error (also Forgejo)
///   bitbucket  INPROGRESS, SUCCESSFUL, FAILED, STOPPED
std::string_view state_word(store::Forge forge, store::RunState state, store::Verdict verdict);

/// The request that sets the status.
HttpRequest status_request(const ForgeProject& project, const CommitStatus& status);

}  // namespace slipway::notify
