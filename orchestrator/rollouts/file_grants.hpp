#pragma once
#include <map>
#include <string>

#include "orchestrator/rollouts/target.hpp"

namespace slipway::rollouts {

/// Content of a service's secrets and configs as tars, by the folder of the container they are unpacked in. Empty if
/// it has none.
std::map<std::string, std::string> granted_files(const Target& target, const Service& service);

/// A POSIX ustar archive of one plain file, its two closing blocks left out so that archives can be joined.
std::string tar_entry(const FileGrant& grant, const std::string& name, const std::string& content);

}  // namespace slipway::rollouts
