// Holds the source tree to the table 'folder | may include' of docs/architecture.md.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <catch2/catch.hpp>

namespace fs = std::filesystem;

namespace {

using Layers = std::map<std::string, std::set<std::string>>;

/// Rows such as "| `images` | `base`, `docker-client` |" of the table below the heading "Layers".
Layers read_table() {
  std::ifstream file("docs/architecture.md");
  REQUIRE(file);
  Layers layers;
  bool inside = false;
  const std::regex name("`([a-z/-]+)`");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("## ")) inside = line == "## Layers";
    if (!inside || !line.starts_with("| `")) continue;
    auto found = std::sregex_iterator(line.begin(), line.end(), name);
    std::set<std::string>& allowed = layers[(*found++)[1]];
    for (; found != std::sregex_iterator(); ++found) allowed.insert((*found)[1]);
  }
  return layers;
}

/// The longest row of the table that `path` lies below; empty if none.
std::string layer_of(const Layers& layers, const std::string& path) {
  std::string best;
  for (const auto& [folder, allowed] : layers) {
    if (path.starts_with(folder + "/") && folder.size() > best.size()) best = folder;
  }
  return best;
}

/// "a/b.hpp" for each `#include "a/b.hpp"`.
std::vector<std::string> includes_of(const fs::path& source) {
  std::ifstream file(source);
  std::vector<std::string> included;
  const std::regex pattern("^#include \"([^\"]+)\"");
  for (std::string line; std::getline(file, line);) {
    std::smatch match;
    if (std::regex_search(line, match, pattern)) included.push_back(match[1]);
  }
  return included;
}

std::vector<fs::path> sources() {
  std::vector<fs::path> found;
  for (const char* top : {"base", "docker-client", "images", "pipelines", "orchestrator", "cli"}) {
    for (const auto& entry : fs::recursive_directory_iterator(top)) {
      const auto kind = entry.path().extension();
      if (kind == ".cpp" || kind == ".hpp") found.push_back(entry.path());
    }
  }
  return found;
}

}  // namespace

TEST_CASE("no file includes from a layer that its own may not use") {
  const Layers layers = read_table();
  REQUIRE(layers.size() > 10);
  for (const fs::path& source : sources()) {
    const std::string own = layer_of(layers, source.string());
    CAPTURE(source.string());
    REQUIRE_FALSE(own.empty());
    for (const std::string& included : includes_of(source)) {
      const std::string other = layer_of(layers, included);
      CAPTURE(included);
      CHECK((other == own || layers.at(own).contains(other)));
    }
  }
}

TEST_CASE("heavy headers are included by .cpp files and the precompiled header only") {
  const std::regex heavy("^#include <(boost/beast|boost/process|yaml-cpp/|curl/|SQLiteCpp/|nlohmann/json\\.hpp)");
  for (const fs::path& source : sources()) {
    if (source.extension() != ".hpp" || source.filename() == "precompiled.hpp") continue;
    std::ifstream file(source);
    CAPTURE(source.string());
    for (std::string line; std::getline(file, line);) CHECK_FALSE(std::regex_search(line, heavy));
  }
}

TEST_CASE("no source file is longer than 600 lines") {
  for (const fs::path& source : sources()) {
    std::ifstream file(source);
    CAPTURE(source.string());
    CHECK(std::count(std::istreambuf_iterator<char>(file), {}, '\n') <= 600);
  }
}

TEST_CASE("what runs side by side is first_of or all_of, never Asio's operators, which each file compiles anew") {
  for (const fs::path& source : sources()) {
    std::ifstream file(source);
    CAPTURE(source.string());
    for (std::string line; std::getline(file, line);) CHECK(line.find("awaitable_operators") == std::string::npos);
  }
}
