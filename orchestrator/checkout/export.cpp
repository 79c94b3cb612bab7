#include <algorithm>
#include <map>
#include <system_error>

#include <sys/stat.h>

#include "base/encoding.hpp"
#include "base/ids.hpp"
#include "orchestrator/checkout/mirrors.hpp"
#include "orchestrator/checkout/repository.hpp"

namespace slipway::checkout {

namespace fs = std::filesystem;

struct Repository::Submodule {
  std::string path;
  std::string url;
  std::string commit;
};

namespace {

constexpr int kDeepest = 4;
constexpr int kMostSubmodules = 64;

/// Paths → URLs of a .gitmodules file as `git config --null --list` prints it: "submodule.NAME.path\nVALUE\0".
std::map<std::string, std::string> urls_by_path(std::string_view listed) {
  std::map<std::string, std::pair<std::string, std::string>> by_name;
  while (!listed.empty()) {
    const auto end = std::min(listed.find('\0'), listed.size());
    const std::string_view entry = listed.substr(0, end);
    listed.remove_prefix(std::min(end + 1, listed.size()));
    const auto newline = entry.find('\n');
    if (newline == std::string_view::npos) continue;
    const std::string_view key = entry.substr(0, newline);
    const auto dot = key.rfind('.');
    if (!key.starts_with("submodule.") || dot == std::string_view::npos) continue;
    auto& [path, url] = by_name[std::string(key.substr(0, dot))];
    if (key.substr(dot + 1) == "path") path = entry.substr(newline + 1);
    if (key.substr(dot + 1) == "url") url = entry.substr(newline + 1);
  }
  std::map<std::string, std::string> urls;
  for (auto& [name, entry] : by_name) urls.emplace(entry.first, entry.second);
  return urls;
}

/// The folder for a submodule, if every part of the way is a real folder: a link in the tree must not lead outside.
Result<fs::path> folder_within(const fs::path& root, const std::string& path) {
  fs::path at = root;
  for (const fs::path& part : fs::path(path)) {
    at /= part;
    struct stat status{};
    if (::lstat(at.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) {
      return fail(Error::Kind::invalid, "submodule path '" + path + "' is no folder of the checkout");
    }
  }
  return at;
}

}  // namespace

/// What holds for the tree and all submodules.
struct Repository::Export {
  bool trusted = true;
  int left = kMostSubmodules;
};

awaitable<Result<void>> Repository::export_to(std::string commit, fs::path folder, bool trusted) {
  if (!is_commit_id(commit)) co_return fail(Error::Kind::invalid, "'" + commit + "' is no commit id");
  std::error_code code;
  fs::create_directories(folder.parent_path(), code);
  if (!fs::create_directory(folder, code)) {
    co_return fail(Error::Kind::conflict, folder.string() + ": " + (code ? code.message() : "exists already"));
  }
  Export all{trusted};
  Result<void> written = co_await export_tree(std::move(commit), folder, 0, &all);
  if (!written) fs::remove_all(folder, code);
  co_return written;
}

awaitable<Result<void>> Repository::write_tree(std::string commit, fs::path folder) {
  // An index of its own, so that exports of one mirror run side by side. LFS may fetch, hence the remote.
  const fs::path index = settings_->folder / ("index." + random_hex(8));
  GitCommand checkout = git_remote({"checkout", "--quiet", "--force", "--no-recurse-submodules", commit, "--", "."});
  checkout.variable("GIT_WORK_TREE", folder.string()).variable("GIT_INDEX_FILE", index.string());
  const Result<std::string> done = co_await checkout.run();
  std::error_code ignored;
  fs::remove(index, ignored);
  if (done) co_return Result<void>();
  // An empty tree has nothing that matches "."; that is no failure.
  if (done.error().message.find("did not match any file") != std::string::npos) co_return Result<void>();
  co_return fail(done.error());
}

awaitable<Result<void>> Repository::export_tree(std::string commit, fs::path folder, int depth, Export* all) {
  Result<void> written = co_await write_tree(commit, folder);
  if (!written) co_return fail(std::move(written.error()).in("check out " + commit.substr(0, 12)));
  std::error_code ignored;
  if (!fs::is_regular_file(fs::symlink_status(folder / ".gitmodules", ignored))) co_return Result<void>();
  Result<std::vector<Submodule>> modules = co_await submodules_of(commit);
  if (!modules) co_return fail(std::move(modules.error()).in("submodules"));
  for (const Submodule& module : *modules) {
    const std::string path = module.path;
    auto work = export_submodule(module, folder, depth + 1, all);
    Result<void> done = co_await std::move(work);
    if (!done) co_return fail(std::move(done.error()).in("submodule " + path));
  }
  co_return Result<void>();
}

awaitable<Result<std::vector<Repository::Submodule>>> Repository::submodules_of(std::string commit) {
  GitCommand config = git({"config", "--no-includes", "--null", "--list", "--blob", commit + ":.gitmodules"});
  const Result<std::string> listed = co_await config.run();
  if (!listed) co_return fail(listed.error());
  const auto urls = urls_by_path(*listed);
  GitCommand tree = git({"ls-tree", "-r", "-z", commit});
  tree.output_limit(256 << 20);
  const Result<std::string> entries = co_await tree.run();
  if (!entries) co_return fail(entries.error());
  std::vector<Submodule> modules;
  for (std::string_view rest = *entries; !rest.empty();) {
    const auto end = std::min(rest.find('\0'), rest.size());
    const std::string_view entry = rest.substr(0, end);  // "160000 commit <id>\t<path>"
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto tab = entry.find('\t');
    if (!entry.starts_with("160000 commit ") || tab == std::string_view::npos) continue;
    const std::string path(entry.substr(tab + 1));
    const auto url = urls.find(path);
    if (url == urls.end()) continue;  // as git does: an entry that .gitmodules does not name stays an empty folder
    modules.push_back({path, url->second, std::string(entry.substr(14, tab - 14))});
  }
  co_return modules;
}

awaitable<Result<void>> Repository::export_submodule(Submodule module, fs::path folder, int depth, Export* all) {
  if (depth > kDeepest) co_return fail(Error::Kind::too_large, "submodules nest over four levels");
  if (--all->left < 0) co_return fail(Error::Kind::too_large, "over 64 submodules");
  const Result<GitUrl> url = resolve_submodule_url(url_, module.url, settings_->urls);
  if (!url) co_return fail(url.error());
  const Result<fs::path> target = folder_within(folder, module.path);
  if (!target) co_return fail(target.error());
  // Credentials are for the project's own server alone, and those of the daemon's user for nobody's submodules.
  GitCredentials credentials;
  credentials.nobody = true;
  if (all->trusted && !url->origin().empty() && url->origin() == url_.origin()) credentials = credentials_;
  // What was fetched with credentials is not for who has none, so it is in another mirror.
  const std::string name =
      mirror_.stem().string() + (credentials.nobody ? ".public." : ".module.") + sha256_hex(url->text()).substr(0, 16);
  Repository repository(*settings_, name, *url, credentials);
  Result<void> fetched = co_await repository.fetch(module.commit, "");
  if (!fetched) co_return fail(fetched.error());
  mark_used(repository.mirror_);
  auto work = repository.export_tree(module.commit, *target, depth, all);
  co_return co_await std::move(work);
}

}  // namespace slipway::checkout
