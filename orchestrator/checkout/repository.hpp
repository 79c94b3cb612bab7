#pragma once
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/async_lock.hpp"
#include "base/clock.hpp"
#include "orchestrator/checkout/git_command.hpp"

namespace slipway::checkout {

/// What a commit says about itself. Written by whoever pushed: untrusted text, cut to 64 KiB.
struct CommitInfo {
  std::string id;       ///< its own, also where it was asked for by the id of an annotated tag's object
  std::string author;   ///< "Name <mail>"
  std::string subject;  ///< the message's first line
  std::string message;
  Time committed_at{};
};

/// A commit and one file of it, read together.
struct CommitFile {
  CommitInfo commit;
  std::string text;
};

/// The bare mirror of one project's repository below `settings.folder`, holding only the commits that were asked for
/// (shallow, one deep). Made when first needed; a broken one may be deleted at any time, and one that a loss of power
/// has damaged is. One fetch at a time, others queue, also those of other Repositories of the same name
/// (`GitSettings::locks`). Borrows `settings`.
class Repository {
 public:
  /// `name` is a file name ("project-7").
  Repository(const GitSettings& settings, const std::string& name, GitUrl url, GitCredentials credentials);

  /// Brings `commit` (is_commit_id; or an annotated tag's object, with the commit it is of) into the mirror; one that
  /// is there costs no network. A server that does not serve
  /// single commits is asked for `ref` (may be empty), after which the commit must be there.
  awaitable<Result<void>> fetch(std::string commit, std::string ref);

  /// The same where the commit is there most likely: then it does not wait for another one's fetch.
  awaitable<Result<void>> ensure(std::string commit, std::string ref);

  /// `fetch` and `read` for somebody who will soon ask for both: the next `read` of it costs nothing. What was fetched
  /// ahead before is forgotten.
  awaitable<Result<void>> fetch_ahead(std::string commit, std::string ref, std::string path);

  /// A fetched commit, or that of a fetched tag's object, and its file `path` (is_tree_path), in one process. No such
  /// file, or a tag of something else: Kind::not_found; over 1 MiB: Kind::too_large.
  awaitable<Result<CommitFile>> read(std::string commit, std::string path);

  /// Paths that differ between two commits, `base` fetched if need be; over 20 000 is Kind::too_large. A rename is
  /// both paths.
  awaitable<Result<std::vector<std::string>>> changed_paths(std::string base, std::string head);

  /// The commit a branch or tag of the remote points at now; an annotated tag's commit, not the tag.
  awaitable<Result<std::string>> resolve(std::string ref);

  /// Whether the commit is the one that a branch or tag of the remote points at, or one before that: not one that the
  /// server merely has, as of a pull request from a fork. Fetches the ref's history if it is not the tip.
  awaitable<Result<bool>> contains(std::string ref, std::string commit);

  /// Writes the tree of a fetched commit into `folder`, which is made and must not exist yet, with the submodules (at
  /// most 64, four levels deep, each URL under the same policy as the project's) and, when git-lfs is installed, LFS
  /// files. No .git is left in it. A failure removes the folder. Submodules of the project's own server are fetched
  /// with its credentials, unless `trusted` is false: what a fork names there is not what the project would.
  awaitable<Result<void>> export_to(std::string commit, std::filesystem::path folder, bool trusted = true);

  /// Forgets all but the newest `keep` fetched commits and gives the disk back.
  awaitable<Result<void>> collect_garbage(std::size_t keep);

 private:
  struct Submodule;

  struct Ahead {
    std::string commit;
    std::string path;
    CommitFile file;
  };

  awaitable<Result<void>> prepare();
  awaitable<Result<void>> prepare_in_turn();
  awaitable<Result<void>> fetch_held(std::string commit, std::string ref);
  awaitable<Result<void>> fetch_arriving(AsyncLock::Held until_there, std::string commit, std::string ref);
  awaitable<Result<CommitFile>> read_arrived(AsyncLock& arriving, std::string commit, std::string path);
  awaitable<Result<CommitFile>> read_now(std::string commit, std::string path);
  awaitable<Result<CommitFile>> read_batch(GitCommand batch, std::string commit, std::string path);
  awaitable<Result<void>> fetch_one(std::string commit, std::string ref);
  awaitable<Result<void>> keep_alone(std::string commit, std::string ref);
  awaitable<Result<void>> write_tree(std::string commit, std::filesystem::path folder);
  struct Export;
  awaitable<Result<void>> export_tree(std::string commit, std::filesystem::path folder, int depth, Export* all);
  awaitable<Result<std::vector<Submodule>>> submodules_of(std::string commit);
  awaitable<Result<void>> export_submodule(Submodule module, std::filesystem::path folder, int depth, Export* all);
  GitCommand git(std::vector<std::string> words) const;
  GitCommand git_remote(std::vector<std::string> words) const;

  const GitSettings* settings_;
  std::filesystem::path mirror_;
  GitUrl url_;
  GitCredentials credentials_;
  std::optional<Ahead> ahead_;
  std::shared_ptr<AsyncLock> lock_;        // the mirror's, shared with other Repositories of it
  std::shared_ptr<AsyncLock> forgetting_;  // likewise, of who forgets commits; taken before `lock_`, if both are
};

}  // namespace slipway::checkout
