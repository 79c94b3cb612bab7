#include "tests/unit/pipelines/golden.hpp"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include <catch2/catch.hpp>

namespace slipway::pipelines::test {

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  CAPTURE(path.string());
  REQUIRE(file);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, const std::string& suffix) {
  std::vector<std::filesystem::path> found;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().string().ends_with(suffix)) found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  REQUIRE_FALSE(found.empty());
  return found;
}

void check_golden(const std::filesystem::path& path, const std::string& actual) {
  CAPTURE(path.string());
  if (std::getenv("SLIPWAY_UPDATE_GOLDEN") == nullptr) {
    CHECK(actual == read_file(path));
    return;
  }
  std::ofstream(path, std::ios::binary) << actual;
  FAIL_CHECK("written anew; look at what changed");
}

std::vector<BadFile> read_cases(const std::filesystem::path& path) {
  std::vector<BadFile> files;
  std::istringstream lines(read_file(path));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("=== ")) {
      files.push_back({line.substr(4), {}, {}});
    } else if (line.starts_with(">>> ")) {
      files.back().expected.push_back(line.substr(4));
    } else {
      files.back().text += line + "\n";
    }
  }
  return files;
}

std::string write_cases(const std::vector<BadFile>& files) {
  std::string out;
  for (const BadFile& file : files) {
    out += "=== " + file.name + "\n" + file.text;
    for (const std::string& line : file.expected) out += ">>> " + line + "\n";
  }
  return out;
}

}  // namespace slipway::pipelines::test
