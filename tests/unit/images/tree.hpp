#pragma once
#include <filesystem>
#include <map>
#include <string>

#include "base/async.hpp"
#include "images/context.hpp"

namespace slipway::images {

/// A temporary folder to build trees in.
class Tree {
 public:
  Tree();
  Tree(const Tree&) = delete;
  Tree& operator=(const Tree&) = delete;
  ~Tree();

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  /// Writes a file, with the folders above it.
  void file(const std::string& name, std::string_view content = "x", unsigned mode = 0644) const;
  void folder(const std::string& name, unsigned mode = 0755) const;
  void link(const std::string& name, const std::string& target) const;
  [[nodiscard]] std::filesystem::path at(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Everything below `root`: path → "kind mode content-or-target".
std::map<std::string, std::string> describe(const std::filesystem::path& root);

/// What a context gave, read to its end.
struct Sent {
  Sent() = default;
  std::string tar;
  std::string dockerfile;
  ContextSummary summary;
};
Result<Sent> send(ContextSpec spec);

/// Unpacks with GNU tar into `target`, and fails the test if that complains.
void unpack(const std::string& tar, const std::filesystem::path& target);
/// The paths in a tar, in order, by GNU tar.
std::vector<std::string> names_in(const std::string& tar);

}  // namespace slipway::images
