#pragma once
#include <filesystem>
#include <string>

#include <catch2/catch.hpp>

#include "orchestrator/store/projects.hpp"
#include "orchestrator/store/runs.hpp"
#include "orchestrator/store/store.hpp"
#include "tests/support/run_async.hpp"

namespace slipway::store {

/// A folder that goes with the test, open to nobody else, as a store wants it.
class TemporaryFolder {
 public:
  TemporaryFolder() : path(std::filesystem::temp_directory_path() / ("slipway-store-" + random_hex(6))) {
    std::filesystem::create_directories(path);
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path); }

  std::filesystem::path path;
};

/// An open store in a folder of its own, spoken to without coroutines.
class TemporaryStore {
 public:
  explicit TemporaryStore(StoreOptions options = {}) : options_(options) { open(); }

  void open() {
    auto opened = Store::open(folder.path, options_);
    REQUIRE(opened);
    store = std::move(*opened);
  }
  void reopen() {
    store.reset();
    open();
  }

  template <class... A>
  auto write(A... arguments) {
    return run_async(store->write(std::move(arguments)...));
  }
  template <class... A>
  auto read(A... arguments) {
    return run_async(store->read(std::move(arguments)...));
  }

  TemporaryFolder folder;
  std::unique_ptr<Store> store;

 private:
  StoreOptions options_;
};

inline constexpr Time kNoon{Milliseconds(1'790'000'000'000)};

inline ProjectId add_project(TemporaryStore& s, std::string name = "shop") {
  Project project;
  project.name = std::move(name);
  project.clone_url = "https://git.example/shop.git";
  project.created = kNoon;
  auto added = s.write(&Projects::add, project);
  REQUIRE(added);
  return *added;
}

inline RunId add_run(TemporaryStore& s, ProjectId project, std::string commit = "0123456789abcdef") {
  Run run;
  run.project = project;
  run.event = Trigger::push;
  run.branch = "main";
  run.commit = std::move(commit);
  run.created = kNoon;
  auto added = s.write(&Runs::add, run);
  REQUIRE(added);
  return *added;
}

}  // namespace slipway::store
