#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace slipway {

/// What a program printed, and its exit code.
struct Ran {
  int code = 0;
  std::string out, err;
};

/// Runs a program to its end (5 minutes at most), with PATH and HOME alone beside `environment`; throws if it can't be
/// started.
Ran run_program(std::vector<std::string> words, std::map<std::string, std::string> environment = {},
                std::string input = {}, std::filesystem::path directory = {});

/// A folder that goes with the object.
class Folder {
 public:
  Folder();
  Folder(const Folder&) = delete;
  ~Folder();
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// A port of 127.0.0.1 on which nobody listens now.
int free_port();

}  // namespace slipway
