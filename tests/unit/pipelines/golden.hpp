#pragma once
#include <filesystem>
#include <string>
#include <vector>

namespace slipway::pipelines::test {

/// Where this folder's testdata is; tests run at the top of the source tree.
inline const std::filesystem::path testdata = "tests/unit/pipelines/testdata";

std::string read_file(const std::filesystem::path& path);

/// The files of `folder` whose name ends with `suffix`, sorted; there must be some.
std::vector<std::filesystem::path> files_in(const std::filesystem::path& folder, const std::string& suffix);

/// Checks that the file holds `actual`. With SLIPWAY_UPDATE_GOLDEN set it is written instead, and the test fails all
/// the same: what changed is to be looked at.
void check_golden(const std::filesystem::path& path, const std::string& actual);

/// A file with a mistake, and what is said of it: one line "3:5: error: message -- help" for each diagnostic.
struct BadFile {
  std::string name;
  std::string text;
  std::vector<std::string> expected;
};
/// Reads "=== name", the text, and ">>> " before each expected line, again and again. A name ends with
/// "[beyond the schema]" if schema.json can't see the mistake.
std::vector<BadFile> read_cases(const std::filesystem::path& path);
std::string write_cases(const std::vector<BadFile>& files);

}  // namespace slipway::pipelines::test
