#include "orchestrator/checkout/repository.hpp"

#include <charconv>

#include "base/files.hpp"
#include "orchestrator/checkout/git_locks.hpp"
#include "orchestrator/checkout/mirror_check.hpp"
#include "orchestrator/checkout/mirrors.hpp"

namespace slipway::checkout {
namespace {

constexpr std::size_t kFileLimit = 1 << 20;
constexpr std::size_t kMessageLimit = 64 << 10;
constexpr std::size_t kPathsLimit = 20'000;

constexpr int kLockTries = 100;
constexpr Milliseconds kLockPause{200};

std::string ref_of(const std::string& commit) {
  return "refs/slipway/" + commit;
}

/// What a fetch by a ref's name is written to, with all the history, until the commit has a ref of its own.
std::string history_of(const std::string& commit) {
  return "refs/slipway-heads/" + commit;
}

/// Whether the mirror has the ref of that commit. Looking spawns nothing; only `collect_garbage` packs refs, and leaves
/// few. The ref is written last, so where it is the objects are.
bool has_ref(const std::filesystem::path& mirror, const std::string& commit) {
  std::error_code ignored;
  if (std::filesystem::exists(mirror / ref_of(commit), ignored)) return true;
  const Result<std::string> packed = read_file(mirror / "packed-refs");
  return packed && ('\n' + *packed).find('\n' + commit + ' ' + ref_of(commit) + '\n') != std::string::npos;
}

/// What may be left of a git that was killed while it fetched that commit, or while it collected garbage.
std::vector<std::filesystem::path> locks_of(const std::filesystem::path& mirror, const std::string& commit) {
  return {mirror / "shallow.lock", mirror / "packed-refs.lock", mirror / (ref_of(commit) + ".lock"),
          mirror / (history_of(commit) + ".lock")};
}

struct GitObject {
  std::string id;
  std::string content;
};

/// `git cat-file --batch` answers "<id> <type> <size>\n<content>\n", or "<name> missing\n".
Result<GitObject> take_object(std::string_view& output, std::string_view name) {
  const auto line_end = output.find('\n');
  if (line_end == std::string_view::npos) return fail(Error::Kind::protocol, "git cat-file: answer cut short");
  const std::string_view line = output.substr(0, line_end);
  output.remove_prefix(line_end + 1);
  if (line.ends_with(" missing")) return fail(Error::Kind::not_found, std::string(name) + " is not in the commit");
  const std::string_view digits = line.substr(line.rfind(' ') + 1);
  std::size_t size = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), size);
  if (line.find(" tree ") != std::string_view::npos) {
    return fail(Error::Kind::invalid, std::string(name) + " is a folder, not a file");
  }
  if (output.size() < size + 1) return fail(Error::Kind::protocol, "git cat-file: answer cut short");
  GitObject object{std::string(line.substr(0, line.find(' '))), std::string(output.substr(0, size))};
  output.remove_prefix(size + 1);
  return object;
}

/// What `git cat-file --batch` is asked for. Where `commit` is an annotated tag's object, the commit that it is of.
std::string names_to_read(const std::string& commit, const std::string& path) {
  return commit + "^{commit}\n" + commit + ":" + path + "\n";
}

awaitable<std::string> once_free(AsyncLock& lock, std::string text) {
  const auto held = co_await lock.acquire();
  co_return text;
}

/// "Name <mail> 1700000000 +0100" → name and mail; the time goes to `time`.
std::string split_signature(std::string_view signature, Time* time) {
  const auto end = signature.rfind('>');
  if (end == std::string_view::npos) return std::string(signature);
  std::string_view digits = signature.substr(end + 1);
  while (digits.starts_with(' ')) digits.remove_prefix(1);
  std::int64_t seconds = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  if (time) *time = Time(std::chrono::seconds(seconds));
  return std::string(signature.substr(0, end + 1));
}

CommitInfo parse_commit(GitObject read) {
  CommitInfo info;
  info.id = std::move(read.id);
  std::string_view object = read.content;
  while (!object.empty()) {
    const auto end = std::min(object.find('\n'), object.size());
    const std::string_view line = object.substr(0, end);
    object.remove_prefix(std::min(end + 1, object.size()));
    if (line.empty()) break;
    if (line.starts_with("author ")) info.author = split_signature(line.substr(7), nullptr).substr(0, 1024);
    if (line.starts_with("committer ")) split_signature(line.substr(10), &info.committed_at);
  }
  info.message = object.substr(0, kMessageLimit);
  info.subject = info.message.substr(0, info.message.find('\n'));
  return info;
}

/// Unless it is there. Borrows `settings`.
awaitable<Result<void>> make_bare(const GitSettings& settings, std::filesystem::path folder) {
  std::error_code ignored;
  if (std::filesystem::exists(folder / "HEAD", ignored)) co_return Result<void>();
  GitCommand init(settings, {"init", "--quiet", "--bare", "--template=", folder.string()});
  const Result<std::string> made = co_await init.run();
  if (!made) co_return fail(made.error());
  mark_sound(folder);
  co_return Result<void>();
}

/// The same, for who holds the mirror's lock and relies on what is in it.
awaitable<Result<void>> make_sound(const GitSettings& settings, std::filesystem::path folder) {
  const Result<void> looked = co_await drop_if_damaged(settings, folder);
  if (!looked) co_return fail(looked.error());
  co_return co_await make_bare(settings, folder);
}

}  // namespace

Repository::Repository(const GitSettings& settings, const std::string& name, GitUrl url, GitCredentials credentials)
    : settings_(&settings),
      mirror_(settings.folder / (name + ".git")),
      url_(std::move(url)),
      credentials_(std::move(credentials)),
      lock_(settings.locks->of(mirror_.string())),
      forgetting_(settings.locks->of(mirror_.string() + " forgetting")) {}

GitCommand Repository::git(std::vector<std::string> words) const {
  GitCommand command(*settings_, std::move(words));
  command.repository(mirror_);
  return command;
}

GitCommand Repository::git_remote(std::vector<std::string> words) const {
  GitCommand command = git(std::move(words));
  command.remote(url_, credentials_, std::filesystem::path(mirror_).replace_extension("known_hosts"));
  return command;
}

awaitable<Result<void>> Repository::prepare() {
  co_return co_await make_sound(*settings_, mirror_);
}

/// For who does not hold the lock, and needs it only if there is something to be done.
awaitable<Result<void>> Repository::prepare_in_turn() {
  if (is_sound(mirror_)) co_return co_await make_bare(*settings_, mirror_);
  const auto held = co_await lock_->acquire();
  co_return co_await prepare();
}

awaitable<Result<void>> Repository::fetch(std::string commit, std::string ref) {
  if (!is_commit_id(commit)) co_return fail(Error::Kind::invalid, "'" + commit + "' is no commit id");
  if (!ref.empty() && !is_ref_name(ref)) co_return fail(Error::Kind::invalid, "'" + ref + "' is no branch or tag");
  const auto held = co_await lock_->acquire();
  auto work = fetch_held(std::move(commit), std::move(ref));
  co_return co_await std::move(work);
}

awaitable<Result<void>> Repository::ensure(std::string commit, std::string ref) {
  if (is_commit_id(commit) && is_sound(mirror_)) {
    const auto held = co_await forgetting_->acquire();
    if (has_ref(mirror_, commit)) co_return Result<void>();
  }
  auto work = fetch(std::move(commit), std::move(ref));
  co_return co_await std::move(work);
}

awaitable<Result<void>> Repository::fetch_ahead(std::string commit, std::string ref, std::string path) {
  if (!is_commit_id(commit)) co_return fail(Error::Kind::invalid, "'" + commit + "' is no commit id");
  if (!ref.empty() && !is_ref_name(ref)) co_return fail(Error::Kind::invalid, "'" + ref + "' is no branch or tag");
  // Held until it is read, so that who comes for it meanwhile waits for that, too.
  const auto held = co_await lock_->acquire();
  const Result<void> ready = co_await prepare();
  if (!ready) co_return fail(ready.error());
  // git takes as long to start as to read: the one that reads starts now, and is told what once it is there.
  AsyncLock arriving;
  AsyncLock::Held until_there = co_await arriving.acquire();
  auto fetching = fetch_arriving(std::move(until_there), commit, std::move(ref));
  auto reading = read_arrived(arriving, commit, path);
  auto both = all_of(std::move(fetching), std::move(reading));
  auto [fetched, file] = co_await std::move(both);
  if (!fetched) co_return fail(fetched.error());
  if (!file) co_return fail(file.error());
  ahead_ = Ahead{std::move(commit), std::move(path), std::move(*file)};
  co_return Result<void>();
}

awaitable<Result<void>> Repository::fetch_arriving(AsyncLock::Held until_there, std::string commit, std::string ref) {
  const AsyncLock::Held held = std::move(until_there);
  auto fetching = fetch_held(std::move(commit), std::move(ref));
  co_return co_await std::move(fetching);
}

/// Not there after all: git says so.
awaitable<Result<CommitFile>> Repository::read_arrived(AsyncLock& arriving, std::string commit, std::string path) {
  if (!is_tree_path(path)) co_return fail(Error::Kind::invalid, "'" + path + "' is no path in a repository");
  GitCommand batch = git({"cat-file", "--batch"});
  const std::string names = names_to_read(commit, path);
  batch.late_input([&arriving, names] { return once_free(arriving, names); });
  auto reading = read_batch(std::move(batch), std::move(commit), std::move(path));
  co_return co_await std::move(reading);
}

awaitable<Result<void>> Repository::fetch_held(std::string commit, std::string ref) {
  const Result<void> ready = co_await prepare();
  if (!ready) co_return fail(ready.error());
  if (has_ref(mirror_, commit)) co_return Result<void>();
  Result<void> fetched = co_await fetch_one(commit, ref);
  std::error_code ignored;
  for (int tries = 0; !fetched && tries < kLockTries; ++tries) {
    const std::string& why = fetched.error().message;
    const std::filesystem::path lock = taken_lock(why, locks_of(mirror_, commit));
    if (lock.empty() && !was_overtaken(why)) break;
    // Of a git that was killed. While one still runs, the lock may be its own.
    if (!lock.empty() && !git_writes_in(mirror_)) std::filesystem::remove(lock, ignored);
    co_await sleep_for(kLockPause);
    fetched = co_await fetch_one(commit, ref);
  }
  if (!fetched) co_return fail(std::move(fetched.error()).in("fetch " + commit.substr(0, 12)));
  co_return fetched;
}

awaitable<Result<void>> Repository::fetch_one(std::string commit, std::string ref) {
  const std::vector<std::string> words = {
      "fetch", "--quiet",  "--no-tags", "--depth=1", "--force", "--no-write-fetch-head", "--no-recurse-submodules",
      "--",    url_.text()};
  std::vector<std::string> by_id = words;
  by_id.push_back(commit + ":" + ref_of(commit));
  GitCommand direct = git_remote(std::move(by_id));
  const Result<std::string> fetched = co_await direct.run();
  if (fetched) co_return Result<void>();
  if (ref.empty() || fetched.error().kind != Error::Kind::not_found) co_return fail(fetched.error());
  // The server gives out no commit by its id alone (or no longer has it): take the ref with its history, then look.
  std::vector<std::string> by_ref = words;
  std::erase(by_ref, "--depth=1");
  by_ref.push_back(ref + ":" + history_of(commit));
  GitCommand whole = git_remote(std::move(by_ref));
  const Result<std::string> history = co_await whole.run();
  if (!history) co_return fail(history.error());
  auto keeping = keep_alone(std::move(commit), std::move(ref));
  co_return co_await std::move(keeping);
}

/// Of what was fetched with its history the commit alone has a ref from now on.
awaitable<Result<void>> Repository::keep_alone(std::string commit, std::string ref) {
  const std::string forget = "delete " + history_of(commit) + "\n";
  GitCommand keep = git({"update-ref", "--stdin"});
  keep.input("update " + ref_of(commit) + " " + commit + "\n" + forget);
  const Result<std::string> kept = co_await keep.run();
  if (kept) co_return Result<void>();
  if (kept.error().message.find("nonexistent object") == std::string::npos) co_return fail(kept.error());
  GitCommand drop = git({"update-ref", "--stdin"});
  drop.input(forget);
  const Result<std::string> dropped = co_await drop.run();
  if (!dropped) co_return fail(dropped.error());
  co_return fail(Error::Kind::not_found, "the commit is not in " + ref + " any more");
}

awaitable<Result<CommitFile>> Repository::read(std::string commit, std::string path) {
  if (ahead_ && ahead_->commit == commit && ahead_->path == path) {
    CommitFile file = std::move(ahead_->file);
    ahead_.reset();
    co_return file;
  }
  auto work = read_now(std::move(commit), std::move(path));
  co_return co_await std::move(work);
}

awaitable<Result<CommitFile>> Repository::read_now(std::string commit, std::string path) {
  if (!is_commit_id(commit)) co_return fail(Error::Kind::invalid, "'" + commit + "' is no commit id");
  if (!is_tree_path(path)) co_return fail(Error::Kind::invalid, "'" + path + "' is no path in a repository");
  GitCommand batch = git({"cat-file", "--batch"});
  batch.input(names_to_read(commit, path));
  auto reading = read_batch(std::move(batch), std::move(commit), std::move(path));
  co_return co_await std::move(reading);
}

awaitable<Result<CommitFile>> Repository::read_batch(GitCommand batch, std::string commit, std::string path) {
  batch.output_limit(2 * kFileLimit);
  const Result<std::string> output = co_await batch.run();
  if (!output) co_return fail(Error(output.error()).in("read " + path));
  std::string_view rest = *output;
  Result<GitObject> object = take_object(rest, commit);
  if (!object && object.error().kind == Error::Kind::not_found)
    co_return fail(Error::Kind::not_found, commit + " is no commit, nor a tag of one");
  if (!object) co_return fail(object.error());
  Result<GitObject> text = take_object(rest, path);
  if (!text) co_return fail(text.error());
  if (text->content.size() > kFileLimit) co_return fail(Error::Kind::too_large, path + " is over 1 MiB");
  CommitFile file;
  file.commit = parse_commit(std::move(*object));
  file.text = std::move(text->content);
  co_return file;
}

awaitable<Result<std::vector<std::string>>> Repository::changed_paths(std::string base, std::string head) {
  Result<void> fetched = co_await fetch(base, "");
  if (!fetched) co_return fail(fetched.error());
  GitCommand diff = git({"diff-tree", "-r", "-z", "--name-only", "--no-renames", base, head});
  diff.output_limit(8 << 20);
  const Result<std::string> output = co_await diff.run();
  if (!output) co_return fail(output.error());
  std::vector<std::string> paths;
  for (std::string_view rest = *output; !rest.empty();) {
    const auto end = rest.find('\0');
    paths.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(rest.size(), end == std::string_view::npos ? rest.size() : end + 1));
    if (paths.size() > kPathsLimit) co_return fail(Error::Kind::too_large, "over 20000 changed paths");
  }
  co_return paths;
}

awaitable<Result<std::string>> Repository::resolve(std::string ref) {
  if (!is_ref_name(ref)) co_return fail(Error::Kind::invalid, "'" + ref + "' is no branch or tag");
  GitCommand list = git_remote({"ls-remote", "--quiet", "--", url_.text(), ref, ref + "^{}"});
  const Result<void> ready = co_await prepare_in_turn();
  if (!ready) co_return fail(ready.error());
  const Result<std::string> output = co_await list.run();
  if (!output) co_return fail(output.error());
  // A short name matches any ref that ends with it: the branch wins over the tag, a peeled tag over the tag itself.
  std::string best;
  int best_rank = 0;
  for (std::string_view rest = *output; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto tab = line.find('\t');
    if (tab == std::string_view::npos) continue;
    const std::string_view name = line.substr(tab + 1);
    const int rank = name == ref + "^{}"                  ? 6
                     : name == ref                        ? 5
                     : name == "refs/heads/" + ref        ? 4
                     : name == "refs/tags/" + ref + "^{}" ? 3
                     : name == "refs/tags/" + ref         ? 2
                                                          : 0;
    if (rank > best_rank) {
      best_rank = rank;
      best = line.substr(0, tab);
    }
  }
  if (!is_commit_id(best)) co_return fail(Error::Kind::not_found, "no branch or tag '" + ref + "' at the remote");
  co_return best;
}

awaitable<Result<bool>> Repository::contains(std::string ref, std::string commit) {
  if (!is_commit_id(commit)) co_return fail(Error::Kind::invalid, "'" + commit + "' is no commit id");
  const Result<std::string> tip = co_await resolve(ref);
  if (!tip) co_return fail(tip.error());
  if (*tip == commit) co_return true;
  const auto held = co_await lock_->acquire();
  // Beside the mirror, whose commits have no parents.
  const std::filesystem::path history = mirror_.parent_path() / (mirror_.stem().string() + ".history.git");
  const Result<void> ready = co_await make_sound(*settings_, history);
  if (!ready) co_return fail(ready.error());
  GitCommand fetch = git_remote({"fetch", "--quiet", "--no-tags", "--force", "--no-write-fetch-head",
                                 "--no-recurse-submodules", "--", url_.text(), ref + ":refs/history/asked"});
  fetch.repository(history);
  const Result<std::string> fetched = co_await fetch.run();
  if (!fetched) co_return fail(Error(fetched.error()).in("history of " + ref));
  mark_used(history);
  GitCommand ask(*settings_, {"merge-base", "--is-ancestor", commit, "refs/history/asked"});
  ask.repository(history);
  const Result<std::string> is_before = co_await ask.run();
  if (is_before) co_return true;
  if (is_before.error().kind != Error::Kind::failed && is_before.error().kind != Error::Kind::not_found)
    co_return fail(is_before.error());
  co_return false;
}

awaitable<Result<void>> Repository::collect_garbage(std::size_t keep) {
  const auto forgetting = co_await forgetting_->acquire();
  const auto held = co_await lock_->acquire();
  const Result<void> ready = co_await prepare();
  if (!ready) co_return fail(ready.error());
  GitCommand list =
      git({"for-each-ref", "--sort=-committerdate", "--format=%(refname)", "refs/slipway/", "refs/slipway-heads/"});
  list.output_limit(32 << 20);
  const Result<std::string> refs = co_await list.run();
  if (!refs) co_return fail(refs.error());
  std::string deletions;
  std::size_t seen = 0;
  for (std::string_view rest = *refs; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const std::string name(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    // A history is only wanted while its fetch goes on, and none does: this one was cut off.
    if (name.starts_with("refs/slipway/") && ++seen <= keep) continue;
    deletions += "delete " + name + "\n";
  }
  if (deletions.empty()) co_return Result<void>();
  GitCommand forget = git({"update-ref", "--stdin"});
  forget.input(std::move(deletions));
  const Result<std::string> forgotten = co_await forget.run();
  if (!forgotten) co_return fail(forgotten.error());
  GitCommand collect = git({"gc", "--quiet", "--prune=now"});
  const Result<std::string> collected = co_await collect.run();
  if (!collected) co_return fail(collected.error());
  co_return Result<void>();
}

}  // namespace slipway::checkout
