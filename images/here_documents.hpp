#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace slipway::images {

/// `<<NAME` in an instruction: its text are the lines after it, up to one that is NAME.
struct HereDocument {
  std::string name;
  bool strips_tabs = false;  ///< `<<-NAME`: tabs before NAME at the end don't count
};

/// The here-documents of a RUN, COPY or ADD, which `instruction` is, all of it and on one line. Nothing: which they are
/// depends on the builder's version, or there are more than 32. What every version takes for one is a word of its own,
/// NAME of letters, digits, '_', '.' and '-', perhaps all of it in quotes (BuildKit, frontend/dockerfile/parser:
/// heredocsFromLine).
std::optional<std::vector<HereDocument>> here_documents(std::string_view instruction);

}  // namespace slipway::images
