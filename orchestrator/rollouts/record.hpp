#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "orchestrator/rollouts/generation.hpp"

namespace slipway::rollouts {

/// What a host keeps of a generation, so that an application can be rebuilt from its hosts alone.
struct Record {
  std::string project;  ///< by name
  GenerationSpec spec;
};

/// A record's longest label. Every list of containers carries it along.
inline constexpr std::size_t longest_record = 32 << 10;

/// As the value of a label: JSON, zstd, base64. Files that `application` uses as secrets are left out; if it is too
/// long all the same, those that are configs, too. Kind::too_large if even that does not help, Kind::invalid if a
/// secret is an env_file, too: without that the rest can't be read.
Result<std::string> pack_record(const Record& record, const Application& application);
/// Kind::invalid for what no release wrote.
Result<Record> unpack_record(std::string_view label);

}  // namespace slipway::rollouts
