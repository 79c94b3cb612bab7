#pragma once
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::checkout {

/// What a clone URL may be, beyond https and ssh.
struct UrlPolicy {
  bool local_paths = false;  ///< absolute paths and file:// on the daemon's machine
  bool plain_http = false;   ///< http to any host; without it, to loopback only
};

/// A clone URL that is safe to hand to git: a known scheme, no credentials, nothing git or ssh would take as an option.
struct GitUrl {
  enum class Scheme { https, http, ssh, local };
  Scheme scheme = Scheme::https;
  std::string user;  ///< ssh only; may be empty
  std::string host;  ///< empty for a local path; IPv6 in brackets
  std::string port;  ///< empty: the scheme's
  std::string path;  ///< begins with '/', but for the scp form's path from the home folder

  /// What git gets: never the scp form, never credentials.
  [[nodiscard]] std::string text() const;
  /// "https://host:port/", to which credentials are tied; empty for a local path.
  [[nodiscard]] std::string origin() const;
};

/// Takes https://, http://, ssh://, file://, an absolute path, and `user@host:path`. Refused with Kind::invalid:
/// other schemes and remote helpers (`ext::`), a user or password in an http URL, control characters (also
/// percent-encoded), white space, backslashes, queries, a part beginning with '-', `..`, more than 2048 bytes; what
/// `policy` keeps out is Kind::forbidden.
Result<GitUrl> parse_git_url(std::string_view text, const UrlPolicy& policy);

/// A submodule's URL as .gitmodules has it; `./` and `../` are relative to `parent`. One on this machine (a path,
/// loopback) is Kind::forbidden unless its parent is there, too: who writes .gitmodules may not look around here.
Result<GitUrl> resolve_submodule_url(const GitUrl& parent, std::string_view text, const UrlPolicy& policy);

/// 40 or 64 lower-case hex digits, not all zero.
bool is_commit_id(std::string_view text);

/// A branch or tag (with or without refs/…) that git would take (check-ref-format) and that can't be an option.
bool is_ref_name(std::string_view text);

/// A path inside a repository: relative, no empty, `.`, `..` or `.git` part, no control characters, ':' or '\'.
bool is_tree_path(std::string_view text);

}  // namespace slipway::checkout
