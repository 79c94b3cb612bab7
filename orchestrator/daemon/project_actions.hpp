#pragma once
#include "orchestrator/auth/vault.hpp"
#include "orchestrator/checkout/git_url.hpp"
#include "orchestrator/http/actions.hpp"
#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/store.hpp"

namespace slipway::daemon {

/// What the API asks of projects and their secrets. Each is one transaction, with its line in the audit trail. Borrows
/// all it is given.
class ProjectActions {
 public:
  ProjectActions(store::Store& store, const auth::Vault& vault, const Clock& clock, checkout::UrlPolicy urls,
                 std::string public_url)
      : store_(store), vault_(vault), clock_(clock), urls_(urls), public_url_(std::move(public_url)) {}

  awaitable<Result<http::CreatedProject>> add(http::ProjectInput input, http::Actor actor);
  awaitable<Result<void>> update(http::ProjectInput input, http::Actor actor);
  awaitable<Result<void>> remove(std::string name, http::Actor actor);
  awaitable<Result<void>> set_secret(std::string project, std::string name, Secret value, http::Actor actor);
  awaitable<Result<void>> remove_secret(std::string project, std::string name, http::Actor actor);

 private:
  /// What a project is to have; unset: as it was. Owns all of it, since it goes to the store's thread.
  struct Change {
    http::ProjectInput input;
    std::vector<std::pair<std::string store::Project::*, std::string>> sealed;  ///< empty: it is removed
  };
  [[nodiscard]] Result<Change> change_of(http::ProjectInput input) const;
  static Result<void> apply(store::Project& project, const Change& change);

  store::Store& store_;
  const auth::Vault& vault_;
  const Clock& clock_;
  checkout::UrlPolicy urls_;
  std::string public_url_;
};

}  // namespace slipway::daemon
