#include "orchestrator/triggers/ref_name.hpp"

#include <algorithm>
#include <cctype>

namespace slipway::triggers {
namespace {

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool valid_component(std::string_view part) {
  return !part.empty() && part != "@" && part.front() != '.' && part.front() != '-' && !part.ends_with(".lock") &&
         !part.ends_with('.');
}

bool forbidden_in_ref(unsigned char c) {
  return c <= ' ' || c == 0x7f || std::string_view("~^:?*[\\").find(static_cast<char>(c)) != std::string_view::npos;
}

/// Each part between slashes passes `good`.
template <class Check>
bool every_part(std::string_view text, Check good) {
  while (true) {
    const auto slash = text.find('/');
    if (!good(text.substr(0, slash))) return false;
    if (slash == std::string_view::npos) return true;
    text.remove_prefix(slash + 1);
  }
}

}  // namespace

bool valid_ref_name(std::string_view name) {
  if (name.empty() || name.size() > 240) return false;
  if (std::any_of(name.begin(), name.end(), [](char c) { return forbidden_in_ref(static_cast<unsigned char>(c)); })) {
    return false;
  }
  if (name.find("..") != std::string_view::npos || name.find("@{") != std::string_view::npos) return false;
  return every_part(name, valid_component);
}

bool valid_ref(std::string_view ref) {
  return ref.starts_with("refs/") && ref.size() <= 255 && valid_ref_name(ref.substr(5));
}

bool no_commit(std::string_view id) {
  return !id.empty() && id.find_first_not_of('0') == std::string_view::npos;
}

bool valid_commit(std::string_view id) {
  return (id.size() == 40 || id.size() == 64) && is_hex(id) && !no_commit(id);
}

bool valid_image(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  return every_part(name, [](std::string_view part) {
    return !part.empty() && std::isalnum(static_cast<unsigned char>(part.front())) &&
           std::all_of(part.begin(), part.end(),
                       [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-' || c == ':'; });
  });
}

bool valid_image_tag(std::string_view tag) {
  return !tag.empty() && tag.size() <= 128 && tag.front() != '.' && tag.front() != '-' &&
         std::all_of(tag.begin(), tag.end(),
                     [](unsigned char c) { return std::isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

bool valid_digest(std::string_view digest) {
  return digest.size() == 71 && digest.starts_with("sha256:") && is_hex(digest.substr(7));
}

bool valid_repository(std::string_view name) {
  return !name.empty() && name.size() <= 512 &&
         std::none_of(name.begin(), name.end(), [](unsigned char c) { return c <= ' ' || c == 0x7f; });
}

}  // namespace slipway::triggers
