#include "images/registry_url.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace slipway::images {
namespace {

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, std::min(host.find(']') + 1, host.size()));
  return host.substr(0, std::min(host.rfind(':'), host.size()));
}

bool is_loopback(std::string_view host_and_port) {
  const std::string_view host = without_port(host_and_port);
  const bool numbers = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (host.starts_with("127.") && numbers);
}

bool may_be_plain(const std::string& host_and_port, const RegistrySettings& settings) {
  if (settings.ca_files.contains(host_and_port)) return false;
  return is_loopback(host_and_port) || settings.insecure.contains(host_and_port);
}

}  // namespace

std::string registry_origin(const std::string& registry, const RegistrySettings& settings) {
  if (registry == "docker.io") return "https://registry-1.docker.io";
  return (may_be_plain(registry, settings) ? "http://" : "https://") + registry;
}

std::string origin_of(std::string_view url) {
  const auto scheme_end = url.find("://");
  if (scheme_end == std::string_view::npos) return {};
  // Readers of URLs disagree about where the host ends if a backslash is in it.
  if (url.find('\\') != std::string_view::npos) return {};
  const auto host_end = std::min(url.find_first_of("/?#", scheme_end + 3), url.size());
  std::string origin = lower_case(url.substr(0, host_end));
  const std::string_view host = std::string_view(origin).substr(scheme_end + 3);
  const bool http = origin.starts_with("http://") || origin.starts_with("https://");
  return http && !host.empty() && host.find('@') == std::string_view::npos ? origin : std::string();
}

Result<void> check_realm(const std::string& realm, const std::string& origin, const RegistrySettings& settings) {
  const std::string realm_origin = origin_of(realm);
  if (realm_origin.empty()) {
    return fail(Error::Kind::protocol, "the registry names '" + realm.substr(0, 200) + "' for tokens, which is no URL");
  }
  if (realm_origin.starts_with("https://")) return {};
  const std::string host = realm_origin.substr(std::string_view("http://").size());
  const bool plain_registry = origin.starts_with("http://");
  if (plain_registry && (without_port(host) == without_port(origin.substr(7)) || may_be_plain(host, settings)))
    return {};
  return fail(Error::Kind::forbidden,
              "the registry at " + origin + " wants credentials sent to " + realm_origin + ", in the clear");
}

}  // namespace slipway::images
