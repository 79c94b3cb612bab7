#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace slipway::images {

/// A Dockerfile taken apart as today's BuildKit does it (frontend/dockerfile/parser).
struct DockerfileLines {
  /// Each on one line, without comments, directives and the texts of here-documents.
  std::vector<std::string> instructions;
  /// Lines that another version of docker/dockerfile, which a Dockerfile may name in `# syntax=`, or the classic
  /// builder takes apart in another way, or could. Empty: all of them find these instructions. The first 100, cut at
  /// 1000 bytes.
  std::vector<std::string> unclear;
  std::string frontend;  ///< of `# syntax=`; empty: none
};

/// At most 100 000 instructions are read; that there are more is unclear.
DockerfileLines dockerfile_lines(std::string_view text);

}  // namespace slipway::images
