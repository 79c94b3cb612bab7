#include "pipelines/names.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/text.hpp"

namespace slipway::pipelines {
namespace {

bool lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool alphanumeric(char c) {
  return lower(c) || upper(c) || is_digit(c);
}
bool hexadecimal(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

template <class Predicate>
bool all(std::string_view text, Predicate holds) {
  return std::all_of(text.begin(), text.end(), holds);
}

auto invalid(std::string message, std::string help = {}) {
  return fail(Error::Kind::invalid, std::move(message), std::move(help));
}

Result<void> check_length(std::string_view text, std::size_t longest) {
  if (text.empty()) return invalid("is empty");
  if (text.size() > longest) return invalid(fmt::format("is longer than {} characters", longest));
  return {};
}

Result<void> check_word(std::string_view name, std::size_t longest) {
  if (auto length = check_length(name, longest); !length) return length;
  const bool fits = !is_digit(name[0]) && all(name, [](char c) { return alphanumeric(c) || c == '_'; });
  if (!fits) return invalid("must be letters, digits and `_`, and not start with a digit");
  return {};
}

Result<void> check_no_parent(std::string_view path, std::string hint) {
  if (auto length = check_length(path, 512); !length) return length;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (path.substr(begin, end - begin) == "..") return invalid("has `..` in it", std::move(hint));
    begin = end + 1;
  }
  if (path.find('\\') != std::string_view::npos) return invalid("has a backslash in it", "separate folders with `/`");
  if (!all(path, [](char c) { return static_cast<unsigned char>(c) >= 0x20; }))
    return invalid("has a line break in it");
  return {};
}

/// One part of a path: lower case letters and digits, between them `.`, `_`, `__` or any number of `-`.
bool is_path_part(std::string_view part) {
  const auto separator = [](char c) { return c == '.' || c == '_' || c == '-'; };
  if (part.empty() || separator(part.front()) || separator(part.back())) return false;
  if (part.find("..") != std::string_view::npos || part.find("___") != std::string_view::npos) return false;
  return all(part, [&](char c) { return lower(c) || is_digit(c) || separator(c); });
}

bool is_host(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::string_view port = colon == std::string_view::npos ? "0" : text.substr(colon + 1);
  const std::string_view name = text.substr(0, colon);
  if (name.empty() || port.empty() || port.size() > 5 || !all(port, is_digit)) return false;
  if (name.front() == '[')
    return name.back() == ']' && all(name.substr(1, name.size() - 2),
                                     [](char c) { return is_digit(c) || c == ':' || (c >= 'a' && c <= 'f'); });
  if (!alphanumeric(name.front()) || !alphanumeric(name.back())) return false;
  return all(name, [](char c) { return alphanumeric(c) || c == '.' || c == '-'; });
}

/// The part before the first `/` is a host if it can't be a folder: with a dot, a colon, upper case, or "localhost".
bool names_host(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), upper);
}

}  // namespace

Result<void> check_name(std::string_view name) {
  if (auto length = check_length(name, 40); !length) return length;
  const bool fits = lower(name[0]) && all(name, [](char c) { return lower(c) || is_digit(c) || c == '_' || c == '-'; });
  if (!fits) return invalid("must be lower case letters, digits, `-` and `_`, and start with a letter");
  return {};
}

Result<void> check_identifier(std::string_view name) {
  return check_word(name, 40);
}
Result<void> check_secret(std::string_view name) {
  return check_word(name, 64);
}

Result<void> check_variable(std::string_view name) {
  if (name.starts_with("SLIPWAY_"))
    return invalid("starts with SLIPWAY_, which slipway itself sets", "choose another name");
  return check_word(name, 128);
}

Result<void> check_checkout_path(std::string_view path) {
  if (path.starts_with('/')) return invalid("is absolute", "name the file from the top of the checkout");
  return check_no_parent(path, "name the file from the top of the checkout");
}

Result<void> check_workdir(std::string_view path) {
  return check_no_parent(path, "name the folder from the workspace, or from the container's root");
}

Result<void> check_repository(std::string_view repository) {
  if (auto length = check_length(repository, 255); !length) return length;
  if (repository.find("://") != std::string_view::npos)
    return invalid("is a URL", "leave out the scheme: registry.example/shop/app");
  std::string_view path = repository;
  const std::size_t slash = repository.find('/');
  if (slash != std::string_view::npos && names_host(repository.substr(0, slash))) {
    if (!is_host(repository.substr(0, slash))) return invalid("has a registry host that is not valid");
    path = repository.substr(slash + 1);
  }
  if (path.find('@') != std::string_view::npos) return invalid("has a digest in it", "name the repository alone");
  if (path.find(':') != std::string_view::npos) return invalid("has a tag in it", "tags have a key of their own");
  if (std::any_of(path.begin(), path.end(), upper))
    return invalid("has upper case letters in it", "repositories are lower case");
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('/', begin), path.size());
    if (!is_path_part(path.substr(begin, end - begin)))
      return invalid("is not a repository", "write it as registry.example/shop/app");
    begin = end + 1;
  }
  return {};
}

Result<void> check_tag(std::string_view tag) {
  if (auto length = check_length(tag, 128); !length) return length;
  const bool fits = tag.front() != '.' && tag.front() != '-' &&
                    all(tag, [](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
  if (!fits) return invalid("is not a tag: only letters, digits, `_`, `.` and `-`", "make it fit with `slug(…)`");
  return {};
}

Result<void> check_reference(std::string_view reference) {
  const std::size_t at = reference.find('@');
  std::string_view name = reference.substr(0, at);
  if (at != std::string_view::npos) {
    const std::string_view digest = reference.substr(at + 1);
    const bool fits = digest.starts_with("sha256:") && digest.size() == 71 && all(digest.substr(7), hexadecimal);
    if (!fits) return invalid("has a digest that is not `sha256:` and 64 hex digits");
  }
  const std::size_t colon = name.rfind(':');
  const std::size_t slash = name.rfind('/');
  if (colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash)) {
    if (!check_tag(name.substr(colon + 1))) return invalid("has a tag that is not valid");
    name = name.substr(0, colon);
  }
  auto repository = check_repository(name);
  if (!repository && repository.error().message == "is not a repository")
    return invalid("is not an image reference", "write it as postgres:16 or registry.example/shop/app:1.2");
  return repository;
}

Result<void> check_group(std::string_view group) {
  if (auto length = check_length(group, 63); !length) return length;
  const bool fits = alphanumeric(group.front()) &&
                    all(group, [](char c) { return alphanumeric(c) || c == '_' || c == '.' || c == '-'; });
  if (!fits) return invalid("is not a group's name: only letters, digits, `_`, `.` and `-`");
  return {};
}

Result<void> check_label(std::string_view name) {
  constexpr std::string_view oci = "org.opencontainers.image.";
  constexpr std::array<std::string_view, 5> origin{"created", "revision", "source", "base.name", "base.digest"};
  if (auto length = check_length(name, 128); !length) return length;
  const bool fits = alphanumeric(name.front()) && alphanumeric(name.back()) &&
                    all(name, [](char c) { return alphanumeric(c) || c == '.' || c == '_' || c == '-' || c == '/'; });
  if (!fits) {
    return invalid("must be letters, digits, `.`, `_`, `-` and `/`, and begin and end with a letter or a digit");
  }
  if (name.starts_with("dev.slipway.")) return invalid("is slipway's own", "choose another name");
  if (name.starts_with("com.docker.compose.")) return invalid("is Docker Compose's own", "choose another name");
  const bool told =
      name.starts_with(oci) && std::find(origin.begin(), origin.end(), name.substr(oci.size())) != origin.end();
  if (told) return invalid("tells what the image is built from, which slipway does", "remove it");
  return {};
}

Result<void> check_application(std::string_view name) {
  if (auto length = check_length(name, 63); !length) return length;
  const auto plain = [](char c) { return lower(c) || is_digit(c); };
  const bool fits = plain(name.front()) && all(name, [&](char c) { return plain(c) || c == '_' || c == '-'; });
  if (!fits) return invalid("is not an application's name: only a-z, 0-9, `_` and `-`");
  return {};
}

}  // namespace slipway::pipelines
