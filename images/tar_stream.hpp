#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/encoding.hpp"
#include "images/context.hpp"
#include "images/tree_walk.hpp"

namespace slipway::images {

/// A file that is not of the tree but goes along.
struct ExtraFile {
  ExtraFile(std::string name, std::string text) : path(std::move(name)), content(std::move(text)) {}
  std::string path;
  std::string content;
};

/// Makes the tar of a tree, piece by piece. Blocking, one caller at a time.
class TarStream {
 public:
  static constexpr std::size_t kPiece = 256 << 10;  ///< bytes
  static constexpr std::chrono::milliseconds kTurn{50};

  TarStream(TreeWalk walk, std::vector<ExtraFile> extras);

  /// About kPiece bytes, or what there is after kTurn; empty at the end (`finished`), and after a turn that brought
  /// nothing.
  Result<std::string> next();
  [[nodiscard]] bool finished() const { return finished_; }
  /// Written once, before `next` gives the end.
  [[nodiscard]] std::shared_ptr<const ContextSummary> summary() const { return summary_; }

 private:
  Result<void> add_entry(std::string& piece, TreeWalk::TimePoint until);
  Result<void> add_content(std::string& piece);

  TreeWalk walk_;
  std::string start_;  // the extras
  FileDescriptor file_;
  std::string path_;             // of what `file_` is
  std::uint64_t remaining_ = 0;  // bytes of `file_`
  std::size_t padding_ = 0;
  bool finished_ = false;
  Sha256 hash_;
  ContextSummary counted_;
  std::shared_ptr<ContextSummary> summary_ = std::make_shared<ContextSummary>();
};

}  // namespace slipway::images
