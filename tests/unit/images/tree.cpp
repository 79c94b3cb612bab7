#include "tests/unit/images/tree.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include <catch2/catch.hpp>
#include <sys/stat.h>

#include "base/files.hpp"
#include "base/process.hpp"
#include "tests/support/run_async.hpp"

namespace slipway::images {
namespace {

namespace fs = std::filesystem;

std::string gnu_tar(std::vector<std::string> words, const std::string& tar) {
  ProcessSpec spec("tar", std::move(words));
  spec.input = tar;
  spec.output_limit = 16 << 20;
  const Result<ProcessOutcome> outcome = run_async(run_process(std::move(spec)));
  REQUIRE(outcome);
  CAPTURE(outcome->errors);
  REQUIRE(outcome->exit_code == 0);
  REQUIRE(outcome->errors.empty());
  return outcome->output;
}

awaitable<Result<Sent>> collect(Pool& pool, ContextSpec spec) {
  Result<BuildContext> context = co_await open_context(pool, std::move(spec));
  if (!context) co_return fail(context.error());
  Sent sent;
  sent.dockerfile = context->dockerfile;
  for (;;) {
    Result<std::string> piece = co_await context->tar->next();
    if (!piece) co_return fail(piece.error());
    if (piece->empty()) break;
    sent.tar += *piece;
  }
  sent.summary = *context->summary;
  co_return sent;
}

}  // namespace

Tree::Tree() {
  std::string name = (fs::temp_directory_path() / "slipway-tree-XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("mkdtemp");
  path_ = name;
}

Tree::~Tree() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

void Tree::file(const std::string& name, std::string_view content, unsigned mode) const {
  fs::create_directories(at(name).parent_path());
  std::ofstream(at(name), std::ios::binary) << content;
  REQUIRE(chmod(at(name).c_str(), mode) == 0);
}

void Tree::folder(const std::string& name, unsigned mode) const {
  fs::create_directories(at(name));
  REQUIRE(chmod(at(name).c_str(), mode) == 0);
}

void Tree::link(const std::string& name, const std::string& target) const {
  fs::create_directories(at(name).parent_path());
  fs::create_symlink(target, at(name));
}

std::map<std::string, std::string> describe(const fs::path& root) {
  std::map<std::string, std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    struct stat found{};
    REQUIRE(lstat(entry.path().c_str(), &found) == 0);
    std::ostringstream text;
    if (S_ISLNK(found.st_mode)) {
      text << "link " << fs::read_symlink(entry.path()).string();
    } else {
      text << (S_ISDIR(found.st_mode) ? "folder " : "file ") << std::oct << (found.st_mode & 07777);
      if (S_ISREG(found.st_mode)) text << ' ' << *read_file(entry.path());
    }
    all.emplace(entry.path().lexically_relative(root).string(), text.str());
  }
  return all;
}

Result<Sent> send(ContextSpec spec) {
  Pool pool(1);
  return run_async(collect(pool, std::move(spec)));
}

void unpack(const std::string& tar, const fs::path& target) {
  gnu_tar({"-x", "-p", "-f", "-", "-C", target.string()}, tar);
}

std::vector<std::string> names_in(const std::string& tar) {
  std::istringstream lines(gnu_tar({"-t", "--quoting-style=literal", "-f", "-"}, tar));
  std::vector<std::string> names;
  for (std::string line; std::getline(lines, line);) names.push_back(line);
  return names;
}

}  // namespace slipway::images
