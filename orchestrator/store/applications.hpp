#pragma once
#include "orchestrator/store/transaction.hpp"

namespace slipway::store {

/// Something that runs on hosts, named by its Compose file.
struct Application {
  std::string name;
  ProjectId project;
  std::int64_t promoted = 0;  ///< generation that all hosts should run; 0: none yet
  std::int64_t fence = 0;     ///< of the newest lease; see Rollouts::lease
  Time created{};
};

/// One immutable version of an application: everything needed to make its containers again.
struct Generation {
  std::string application;
  std::int64_t number = 0;  ///< 1, 2, … within the application; given by `add_generation`
  RunId run;
  std::string compose;
  std::string images = "{}";      ///< JSON: service → reference with digest
  std::string references = "{}";  ///< JSON: what else it needs (environment, secrets by name)
  Time created{};
  std::optional<Time> promoted;  ///< first time
};

class Applications {
 public:
  explicit Applications(Transaction& tx) : tx_(tx) {}

  /// Makes it if there is none; one of another project is Kind::conflict.
  Result<void> ensure(std::string name, ProjectId project, Time at);
  /// Answers its number.
  Result<std::int64_t> add_generation(Generation generation);
  /// Makes `number` the promoted one. Kind::conflict if `fence` is not that of the newest lease.
  Result<void> promote(std::string name, std::int64_t number, std::int64_t fence, Time at);

  Result<Application> get(std::string name) const;
  /// By name.
  Result<std::vector<Application>> list() const;
  Result<Generation> generation(std::string name, std::int64_t number) const;
  /// The last promoted before `number`: where a rollback goes.
  Result<Generation> promoted_before(std::string name, std::int64_t number) const;
  /// Newest first, at most 200.
  Result<std::vector<Generation>> generations(std::string name, std::size_t limit) const;
  /// Generation::images of the newest `limit` generations, each once.
  Result<std::vector<std::string>> images_of(std::string name, std::size_t limit) const;
  /// The same of all that hosts of any application may yet ask for: the promoted generations, and those of rollouts
  /// that have not ended.
  Result<std::vector<std::string>> images_to_come() const;

 private:
  Transaction& tx_;
};

}  // namespace slipway::store
