#pragma once
#include <string_view>

#include "base/result.hpp"

namespace slipway::pipelines {

// What names, paths and references have to look like. Each check fails with Kind::invalid, the message a predicate
// ("has a space in it"), the hint the fix.

/// A job, a step, an image, a service: [a-z][a-z0-9_-]*, at most 40 characters, so that it can be part of a container's
/// name, and a service's name can be a host name.
Result<void> check_name(std::string_view name);
/// A parameter or a key of a matrix: [A-Za-z_][A-Za-z0-9_]*, at most 40 characters.
Result<void> check_identifier(std::string_view name);
/// An environment variable as POSIX has it; names that start with SLIPWAY_ are ours.
Result<void> check_variable(std::string_view name);
/// The name of a secret: as a variable's, at most 64 characters.
Result<void> check_secret(std::string_view name);
/// A file or folder of the checkout: relative, with no `..` in it.
Result<void> check_checkout_path(std::string_view path);
/// A folder in a container: absolute or relative to the workspace, with no `..` in it.
Result<void> check_workdir(std::string_view path);
/// [HOST[:PORT]/]PATH without a tag. A light check of what the registries' grammar says.
Result<void> check_repository(std::string_view repository);
/// [A-Za-z0-9_][A-Za-z0-9_.-]{0,127}
Result<void> check_tag(std::string_view tag);
/// REPOSITORY[:TAG][@sha256:DIGEST]
Result<void> check_reference(std::string_view reference);
/// A group of target hosts, as the daemon's settings name them: [A-Za-z0-9][A-Za-z0-9_.-]*, at most 63 characters.
Result<void> check_group(std::string_view group);
/// A label of an image: letters, digits and `._/-`, at most 128 characters; not those that slipway itself gives, nor
/// Docker Compose's.
Result<void> check_label(std::string_view name);
/// An application, as Docker Compose names a project: [a-z0-9][a-z0-9_-]*, at most 63 characters.
Result<void> check_application(std::string_view name);

}  // namespace slipway::pipelines
