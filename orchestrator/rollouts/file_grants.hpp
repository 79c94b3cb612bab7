#pragma once
#include <map>
#include <string>

#include "base/result.hpp"
#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts {

/// Content of a service's secrets and configs as tars, by the folder of the container they are unpacked in. Empty if
/// it has none.
std::map<std::string, std::string> granted_files(const Target& target, const Service& service);

/// Kind::not_found, with why, if content of one of them can't be had.
Result<void> check_granted(const Target& target, const Service& service);

/// A POSIX ustar archive of one plain file, its two closing blocks left out so that archives can be joined.
std::string tar_entry(const FileGrant& grant, const std::string& name, const std::string& content);

}  // namespace slipway::rollouts
