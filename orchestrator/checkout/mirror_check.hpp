#pragma once
#include "orchestrator/checkout/git_command.hpp"

namespace slipway::checkout {

/// Removes a mirror that a loss of power has damaged (docs/decisions/0117): git brings packs to the disk, but neither
/// loose objects nor refs, which may be empty then. Such a ref can neither be fetched nor deleted, and such an object
/// is not fetched again. Looked for once after each start of the machine. No mirror is success. The caller holds the
/// mirror's lock; an Error is one of the disk.
awaitable<Result<void>> drop_if_damaged(const GitSettings& settings, std::filesystem::path mirror);

/// Whether the mirror was made or looked through since the machine's start. Reads one file.
bool is_sound(const std::filesystem::path& mirror);
void mark_sound(const std::filesystem::path& mirror);

}  // namespace slipway::checkout
