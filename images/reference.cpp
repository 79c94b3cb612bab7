#include "images/reference.hpp"

#include <algorithm>

namespace slipway::images {
namespace {

constexpr std::string_view kHubOfficial = "library/";

bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_letter(char c) {
  return is_lower(c) || (c >= 'A' && c <= 'Z');
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f');
}

bool all_of(std::string_view text, bool (*test)(char)) {
  return std::all_of(text.begin(), text.end(), test);
}

/// The part before the first `separator`; `rest` becomes what is after it.
std::string_view take_until(std::string_view& rest, char separator) {
  const auto end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

bool is_port(std::string_view text) {
  if (text.empty() || text.size() > 5 || !all_of(text, is_digit)) return false;
  const int number = std::stoi(std::string(text));
  return number > 0 && number < 65536;
}

bool is_host_label(std::string_view label) {
  const auto fits = [](char c) { return is_letter(c) || is_digit(c) || c == '-'; };
  return !label.empty() && label.front() != '-' && label.back() != '-' && std::all_of(label.begin(), label.end(), fits);
}

bool is_host_name(std::string_view host) {
  if (host.empty() || host.back() == '.') return false;
  while (!host.empty()) {
    if (!is_host_label(take_until(host, '.'))) return false;
  }
  return true;
}

bool is_ipv6(std::string_view host) {
  if (host.size() < 4 || host.front() != '[' || host.back() != ']') return false;
  const auto fits = [](char c) { return is_hex(c) || (c >= 'A' && c <= 'F') || c == ':'; };
  host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), fits) && host.find(':') != std::string_view::npos;
}

bool is_registry(std::string_view text) {
  const auto bracket = text.rfind(']');
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket)) {
    return is_host_name(text) || is_ipv6(text);
  }
  const std::string_view host = text.substr(0, colon);
  return (is_host_name(host) || is_ipv6(host)) && is_port(text.substr(colon + 1));
}

/// Runs of lower-case letters and digits, joined by one '.', one or two '_', or any number of '-'.
bool is_path_component(std::string_view part) {
  const auto is_word = [](char c) { return is_lower(c) || is_digit(c); };
  if (part.empty() || !is_word(part.front()) || !is_word(part.back())) return false;
  while (!part.empty()) {
    const auto word = std::find_if_not(part.begin(), part.end(), is_word);
    part.remove_prefix(static_cast<std::size_t>(word - part.begin()));
    const auto end = static_cast<std::size_t>(std::find_if(part.begin(), part.end(), is_word) - part.begin());
    const std::string_view joint = part.substr(0, end);
    const bool dashes = joint.find_first_not_of('-') == std::string_view::npos;
    if (!dashes && joint != "." && joint != "_" && joint != "__") return false;
    part.remove_prefix(end);
  }
  return true;
}

bool is_path(std::string_view path) {
  if (path.empty() || path.back() == '/') return false;
  while (!path.empty()) {
    if (!is_path_component(take_until(path, '/'))) return false;
  }
  return true;
}

/// True if what is before the first '/' can only be a registry: "localhost", or something a path can't begin with.
bool names_registry(std::string_view first) {
  return first == "localhost" || first.find_first_of(".:") != std::string_view::npos ||
         std::any_of(first.begin(), first.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

/// Splits "host/path" and fills in what Docker Hub's short names leave out.
void set_name(Reference& reference, std::string_view name) {
  const auto slash = name.find('/');
  if (slash == std::string_view::npos || !names_registry(name.substr(0, slash))) {
    reference.registry = kHub;
    reference.path = name;
  } else {
    reference.registry = name.substr(0, slash);
    reference.path = name.substr(slash + 1);
  }
  if (reference.registry == "index.docker.io") reference.registry = kHub;
  if (reference.registry == kHub && reference.path.find('/') == std::string::npos) {
    reference.path.insert(0, kHubOfficial);
  }
}

tl::unexpected<Error> bad(std::string_view text, std::string why, std::string hint = {}) {
  return fail(Error::Kind::invalid, "'" + std::string(text.substr(0, 300)) + "' is no image reference: " + why,
              std::move(hint));
}

/// Why the name of `reference` is wrong; empty if it is not.
std::string complaint(const Reference& reference) {
  if (!is_registry(reference.registry)) return "'" + reference.registry + "' is no registry host";
  if (std::any_of(reference.path.begin(), reference.path.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    return "the repository's name must be in lower case";
  }
  if (!is_path(reference.path)) return "'" + reference.path + "' is no repository name";
  return {};
}

}  // namespace

bool is_digest(std::string_view text) {
  const std::string_view algorithm = take_until(text, ':');
  const std::size_t length = algorithm == "sha256" ? 64 : algorithm == "sha512" ? 128 : 0;
  return length != 0 && text.size() == length && all_of(text, is_hex);
}

bool is_tag(std::string_view text) {
  const auto is_word = [](char c) { return is_letter(c) || is_digit(c) || c == '_'; };
  const auto fits = [&](char c) { return is_word(c) || c == '.' || c == '-'; };
  return !text.empty() && text.size() <= kMaxTagLength && is_word(text.front()) &&
         std::all_of(text.begin(), text.end(), fits);
}

std::string Reference::text() const {
  return repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::familiar_repository() const {
  if (registry != kHub) return repository();
  const std::string_view short_path =
      std::string_view(path).substr(path.starts_with(kHubOfficial) ? kHubOfficial.size() : 0);
  return std::string(short_path.find('/') == std::string_view::npos ? short_path : path);
}

std::string Reference::familiar() const {
  return familiar_repository() + (tag.empty() ? "" : ":" + tag) + (digest.empty() ? "" : "@" + digest);
}

std::string Reference::target() const {
  if (!digest.empty()) return digest;
  return tag.empty() ? "latest" : tag;
}

Result<Reference> Reference::with_tag(std::string_view new_tag) const {
  if (!is_tag(new_tag)) return fail(Error::Kind::invalid, "'" + std::string(new_tag.substr(0, 200)) + "' is no tag");
  Reference changed = *this;
  changed.tag = new_tag;
  changed.digest.clear();
  return changed;
}

Result<Reference> Reference::with_digest(std::string_view new_digest) const {
  if (!is_digest(new_digest)) {
    return fail(Error::Kind::invalid, "'" + std::string(new_digest.substr(0, 200)) + "' is no digest");
  }
  Reference changed = *this;
  changed.tag.clear();
  changed.digest = new_digest;
  return changed;
}

Result<Reference> parse_reference(std::string_view text) {
  if (text.empty()) return bad(text, "it is empty");
  if (text.find("://") != std::string_view::npos) {
    return bad(text, "it has a URL scheme", "leave the scheme out: registry.example/name:tag");
  }
  if (text.size() == 64 && all_of(text, is_hex)) {
    return bad(text, "it is an image id", "an id names an image on one engine only; give a name and a tag");
  }
  Reference reference;
  std::string_view name = text;
  if (const auto at = name.find('@'); at != std::string_view::npos) {
    reference.digest = name.substr(at + 1);
    name = name.substr(0, at);
    if (!is_digest(reference.digest)) return bad(text, "'" + reference.digest + "' is no digest");
  }
  const auto colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) {
    reference.tag = name.substr(colon + 1);
    name = name.substr(0, colon);
    if (!is_tag(reference.tag)) return bad(text, "'" + reference.tag + "' is no tag");
  }
  set_name(reference, name);
  if (const std::string why = complaint(reference); !why.empty()) return bad(text, why);
  if (reference.repository().size() > kMaxRepositoryLength) {
    return bad(text, "its name is longer than " + std::to_string(kMaxRepositoryLength) + " characters");
  }
  return reference;
}

}  // namespace slipway::images
