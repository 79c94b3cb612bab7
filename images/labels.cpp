#include "images/labels.hpp"

#include <utility>

namespace slipway::images {
namespace {

/// Without "user:password@", "?query" and "#fragment", where secrets are wont to be.
std::string public_url(std::string url) {
  url.resize(std::min(url.find_first_of("?#"), url.size()));
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return url;
  const auto begin = scheme + 3;
  const auto end = std::min(url.find('/', begin), url.size());
  const auto at = url.rfind('@', end);
  if (at != std::string::npos && at >= begin && at < end) url.erase(begin, at + 1 - begin);
  return url;
}

}  // namespace

docker::Labels image_labels(const Origin& origin) {
  docker::Labels labels;
  const auto set = [&](const char* name, std::string value) {
    if (!value.empty()) labels.emplace("org.opencontainers.image." + std::string(name), std::move(value));
  };
  set("revision", origin.commit);
  set("source", public_url(origin.source));
  set("version", origin.version.empty() ? origin.commit : origin.version);
  set("title", origin.title);
  if (origin.created) set("created", format_time(*origin.created));
  if (origin.base) {
    Reference name = *origin.base;
    set("base.digest", std::exchange(name.digest, {}));
    if (name.tag.empty() && origin.base->digest.empty()) name.tag = "latest";
    set("base.name", name.text());
  }
  return labels;
}

}  // namespace slipway::images
