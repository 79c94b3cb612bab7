#include "orchestrator/checkout/git_url.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "base/encoding.hpp"

namespace slipway::checkout {
namespace {

constexpr std::size_t kLongest = 2048;
constexpr std::string_view kHint = "give an https:// or ssh:// URL without a user or password in it";

bool is_alnum(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool only(std::string_view text, std::string_view others) {
  return std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_alnum(c) || others.find(c) != std::string_view::npos; });
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
  });
}

/// git and curl decode %XX: what is refused plainly must not come in encoded.
bool hides_control(std::string_view text) {
  for (auto at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const Result<std::string> byte = from_hex(text.substr(at + 1, 2));
    if (!byte || byte->empty() || has_control(*byte)) return true;
  }
  return false;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

tl::unexpected<Error> refuse(std::string why) {
  return fail(Error::Kind::invalid, "clone URL: " + std::move(why), std::string(kHint));
}

bool is_host(std::string_view host) {
  if (host.empty() || host.size() > 253) return false;
  if (host.starts_with('['))
    return host.size() > 2 && host.ends_with(']') && only(host.substr(1, host.size() - 2), ":");
  return is_alnum(host.front()) && only(host, ".-_");
}

bool is_port(std::string_view port) {
  if (port.empty() || port.size() > 5) return false;
  int number = 0;
  for (const char c : port) {
    if (c < '0' || c > '9') return false;
    number = number * 10 + (c - '0');
  }
  return number > 0 && number < 65536;
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "[::1]" ||
         (host.starts_with("127.") &&
          std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); }));
}

/// nullopt: fine. Else why the path is refused.
std::optional<std::string> fault_of_path(std::string_view path) {
  if (path.empty() || path == "/") return "it names no repository";
  for (const std::string_view part : split(path, '/')) {
    if (part.starts_with('-')) return "a part of the path begins with '-'";
    if (part == "..") return "the path has '..'";
  }
  return std::nullopt;
}

Result<void> set_authority(GitUrl& url, std::string_view authority) {
  const auto at = authority.rfind('@');
  if (at != std::string_view::npos) {
    if (url.scheme != GitUrl::Scheme::ssh) return refuse("it has a user or password in it");
    url.user = authority.substr(0, at);
    authority.remove_prefix(at + 1);
    if (url.user.empty() || !is_alnum(url.user.front()) || !only(url.user, "._-")) return refuse("bad user");
  }
  const auto bracket = authority.rfind(']');
  const auto colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  url.host = authority.substr(0, colon);
  if (colon != std::string_view::npos) {
    url.port = authority.substr(colon + 1);
    if (!is_port(url.port)) return refuse("bad port");
  }
  if (!is_host(url.host)) return refuse("bad host");
  return {};
}

Result<GitUrl> parse_remote(GitUrl::Scheme scheme, std::string_view rest, const UrlPolicy& policy) {
  GitUrl url;
  url.scheme = scheme;
  const auto slash = rest.find('/');
  if (slash == std::string_view::npos) return refuse("it names no repository");
  if (Result<void> set = set_authority(url, rest.substr(0, slash)); !set) return fail(set.error());
  url.path = rest.substr(slash);
  if (const auto fault = fault_of_path(url.path)) return refuse(*fault);
  if (scheme == GitUrl::Scheme::http && !policy.plain_http && !is_loopback(url.host)) {
    return fail(Error::Kind::forbidden, "clone URL: plain http to " + url.host + " is not allowed",
                "use https or ssh: who sits in between could send any commit");
  }
  return url;
}

Result<GitUrl> parse_local(std::string_view path, const UrlPolicy& policy) {
  if (!path.starts_with('/')) return refuse("a local path must be absolute");
  if (const auto fault = fault_of_path(path)) return refuse(*fault);
  if (!policy.local_paths) {
    return fail(Error::Kind::forbidden, "clone URL: local paths are not allowed",
                "allow local paths in the daemon's settings");
  }
  GitUrl url;
  url.scheme = GitUrl::Scheme::local;
  url.path = path;
  return url;
}

/// user@host:path
Result<GitUrl> parse_scp(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || text.substr(0, colon).find('/') != std::string_view::npos) {
    return refuse("it is no URL");
  }
  GitUrl url;
  url.scheme = GitUrl::Scheme::ssh;
  if (Result<void> set = set_authority(url, text.substr(0, colon)); !set) return fail(set.error());
  if (url.user.empty()) return refuse("it is no URL");
  url.path = text.substr(colon + 1);
  if (const auto fault = fault_of_path(url.path)) return refuse(*fault);
  return url;
}

}  // namespace

std::string GitUrl::text() const {
  if (scheme == Scheme::local) return path;
  const std::string_view name = scheme == Scheme::https ? "https" : scheme == Scheme::http ? "http" : "ssh";
  std::string text = std::string(name) + "://";
  if (!user.empty()) text += user + "@";
  text += host;
  if (!port.empty()) text += ":" + port;
  // "~/" keeps the scp form's meaning: from the home folder.
  return text + (path.starts_with('/') ? path : "/~/" + path);
}

std::string GitUrl::origin() const {
  if (scheme == Scheme::local) return {};
  GitUrl bare = *this;
  bare.user.clear();
  bare.path = "/";
  return bare.text();
}

Result<GitUrl> parse_git_url(std::string_view text, const UrlPolicy& policy) {
  if (text.empty() || text.size() > kLongest) return refuse("it is empty or over 2048 bytes");
  if (has_control(text) || hides_control(text)) return refuse("it has a control character or a broken % in it");
  if (text.find_first_of(" \\?#\"'`$<>|;&(){}*!") != std::string_view::npos) {
    return refuse("it has a character that no clone URL needs");
  }
  if (text.front() == '-') return refuse("it begins with '-'");
  // In an IPv6 address `::` is inside brackets; elsewhere it names a remote helper, which may run programs.
  const auto helper = text.find("::");
  if (helper != std::string_view::npos && text.substr(0, helper).find('[') == std::string_view::npos) {
    return refuse("remote helpers (…::…) are not allowed");
  }
  if (text.front() == '/') return parse_local(text, policy);
  const auto scheme_end = text.find("://");
  if (scheme_end == std::string_view::npos) return parse_scp(text);
  const std::string_view scheme = text.substr(0, scheme_end);
  const std::string_view rest = text.substr(scheme_end + 3);
  if (scheme == "https") return parse_remote(GitUrl::Scheme::https, rest, policy);
  if (scheme == "http") return parse_remote(GitUrl::Scheme::http, rest, policy);
  if (scheme == "ssh") return parse_remote(GitUrl::Scheme::ssh, rest, policy);
  if (scheme == "file") return parse_local(rest, policy);
  return refuse("the scheme '" + std::string(scheme) + "' is not supported");
}

namespace {

bool is_on_this_machine(const GitUrl& url) {
  return url.scheme == GitUrl::Scheme::local || is_loopback(url.host);
}

}  // namespace

Result<GitUrl> resolve_submodule_url(const GitUrl& parent, std::string_view text, const UrlPolicy& policy) {
  if (!text.starts_with("./") && !text.starts_with("../")) {
    Result<GitUrl> url = parse_git_url(text, policy);
    if (url && is_on_this_machine(*url) && !is_on_this_machine(parent)) {
      return fail(Error::Kind::forbidden, "a submodule on slipwayd's own machine, of a repository that is elsewhere");
    }
    return url;
  }
  std::string base = parent.text();
  while (base.ends_with('/')) base.pop_back();
  const std::size_t shortest = base.size() - parent.path.size();
  for (;;) {
    if (text.starts_with("./")) {
      text.remove_prefix(2);
    } else if (text.starts_with("../")) {
      text.remove_prefix(3);
      const auto slash = base.rfind('/');
      if (slash == std::string::npos || slash < shortest) return refuse("it leads above its parent's server");
      base.resize(slash);
    } else {
      break;
    }
  }
  return parse_git_url(base + "/" + std::string(text), policy);
}

bool is_commit_id(std::string_view text) {
  return (text.size() == 40 || text.size() == 64) &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }) &&
         text.find_first_not_of('0') != std::string_view::npos;
}

bool is_ref_name(std::string_view text) {
  if (text.empty() || text.size() > 512 || has_control(text)) return false;
  if (text.find_first_of(" ~^:?*[\\") != std::string_view::npos) return false;
  if (text.find("..") != std::string_view::npos || text.find("@{") != std::string_view::npos) return false;
  if (text == "@" || text.ends_with('.')) return false;
  const auto parts = split(text, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part.starts_with('.') || part.starts_with('-') || part.ends_with(".lock");
  });
}

bool is_tree_path(std::string_view text) {
  if (text.empty() || text.size() > 4096 || has_control(text)) return false;
  if (text.find_first_of(":\\") != std::string_view::npos) return false;
  const auto parts = split(text, '/');
  return std::none_of(parts.begin(), parts.end(), [](std::string_view part) {
    return part.empty() || part == "." || part == ".." || part == ".git";
  });
}

}  // namespace slipway::checkout
