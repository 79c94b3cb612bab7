#pragma once
#include <string_view>

/// Names from the outside, checked before anything is done with them.
namespace slipway::triggers {

/// What `git check-ref-format` takes for a whole ref below refs/, at most 255 bytes, with no component that starts with
/// '-', so that no part of it can pass for an option.
bool valid_ref(std::string_view ref);

/// A branch or tag name: what may follow refs/heads/ or refs/tags/.
bool valid_ref_name(std::string_view name);

/// 40 or 64 lower-case hex digits, not all zero.
bool valid_commit(std::string_view id);

/// Only zeros: how forges write "no commit".
bool no_commit(std::string_view id);

/// An image's repository, with or without its registry: at most 255 bytes of the characters the OCI distribution
/// specification allows.
bool valid_image(std::string_view name);
/// A tag as the OCI distribution specification has it: at most 128 of [A-Za-z0-9_.-], not starting with '.' or '-'.
bool valid_image_tag(std::string_view tag);
/// "sha256:" and 64 hex digits.
bool valid_digest(std::string_view digest);

/// "owner/name", with sub-groups: for display and comparison only.
bool valid_repository(std::string_view name);

}  // namespace slipway::triggers
