#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

enum class Forge : std::uint8_t { none, github, gitlab, gitea, forgejo, bitbucket };
template <>
struct Names<Forge> {
  static constexpr std::array<std::string_view, 6> list{"none", "github", "gitlab", "gitea", "forgejo", "bitbucket"};
};

/// What a pull request from a fork gets.
enum class ForkPolicy : std::uint8_t { run, approve, ignore };
template <>
struct Names<ForkPolicy> {
  static constexpr std::array<std::string_view, 3> list{"run", "approve", "ignore"};
};

struct ProjectSettings {
  std::string pipeline_file = "slipway.yml";
  std::string forge_url;  ///< base of the forge's API; empty: the public one of its kind
  ForkPolicy forks = ForkPolicy::approve;
  bool supersede = false;       ///< a newer run of the same ref, once its pipeline wants it, ends older ones
  bool allow_unsigned = false;  ///< take deliveries of forges that may come without a signature
  int max_runs = 0;             ///< at the same time; 0: the daemon's limit alone
};

/// A repository that slipway builds. What is `sealed_` is encrypted (auth::Vault); empty: not set.
struct Project {
  ProjectId id;
  std::string name;  ///< is_project_name
  std::string clone_url;
  Forge forge = Forge::none;
  std::string default_branch = "main";
  ProjectSettings settings;
  std::string clone_username;
  std::string sealed_clone_password;
  std::string sealed_clone_ssh_key;
  std::string sealed_hook_secret;
  std::string sealed_forge_token;
  Time created{};
};

/// A secret that jobs can be given by name.
struct ProjectSecret {
  ProjectId project;
  std::string name;  ///< is_secret_name
  std::string sealed;
  Time updated{};
};

/// [a-z0-9][a-z0-9-_.]{0,62}
bool is_project_name(std::string_view name);
/// [A-Za-z_][A-Za-z0-9_]{0,127}: also the name of an environment variable.
bool is_secret_name(std::string_view name);

class Projects {
 public:
  explicit Projects(Transaction& tx) : tx_(tx) {}

  /// A name that is taken is Kind::conflict. Gets the applications of a removed project of that name.
  Result<ProjectId> add(Project project);
  /// Replaces all but id, name and the time of creation.
  Result<void> update(Project project);
  /// Forgets its secrets and credentials and frees its name; its runs stay to be seen, and its applications on their
  /// hosts. Kind::conflict while a run of it has not finished, or a rollout of one of its applications, which may need
  /// the secrets.
  Result<void> remove(ProjectId id, Time at);

  /// Also removed ones, whose runs refer to them.
  Result<Project> get(ProjectId id) const;
  Result<Project> find(std::string name) const;
  /// By name.
  Result<std::vector<Project>> list() const;

  Result<void> set_secret(ProjectSecret secret);
  Result<void> remove_secret(ProjectId project, std::string name);
  /// By name.
  Result<std::vector<ProjectSecret>> secrets(ProjectId project) const;
  /// What was replaced or removed while a run was under way that may have been given it, until the last of these runs
  /// has finished (docs/decisions/0118). `updated` is not known.
  Result<std::vector<ProjectSecret>> former_secrets(ProjectId project) const;

 private:
  void keep_former(ProjectId project, const std::string& name);

  Transaction& tx_;
};

}  // namespace slipway::store
