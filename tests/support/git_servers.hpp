#pragma once
#include <filesystem>
#include <string>

#include "tests/support/programs.hpp"

namespace slipway {

/// Real git servers of a test's own on the loopback: https with a password and a CA of its own, and sshd with keys of
/// its own; LFS behind both. See git_servers.py for what a path's first part does. Gone with the object.
class GitServers {
 public:
  GitServers();
  GitServers(const GitServers&) = delete;
  ~GitServers();

  /// Makes, or adds a commit to, the bare repository `name` ("shop.git") from what `script` does in a work tree; the
  /// commit's id.
  [[nodiscard]] std::string commit(const std::string& name, const std::string& script) const;
  /// Stores an LFS object; its pointer's text.
  [[nodiscard]] std::string lfs_pointer(const std::string& content) const;

  [[nodiscard]] std::string https(const std::string& path) const { return "https://127.0.0.1:" + https_ + "/" + path; }
  [[nodiscard]] std::string ssh(const std::string& path) const { return "ssh://root@127.0.0.1:" + ssh_ + "/" + path; }
  [[nodiscard]] std::string password() const { return "correct horse battery"; }
  [[nodiscard]] std::string ssh_key() const;
  [[nodiscard]] std::filesystem::path ca_file() const { return folder_.path() / "ca.pem"; }
  /// known_hosts with the key that sshd has.
  [[nodiscard]] std::filesystem::path known_hosts() const { return folder_.path() / "known_hosts"; }
  /// The https requests that came to the port that `moved/` redirects to.
  [[nodiscard]] std::string requests_elsewhere() const;
  [[nodiscard]] std::filesystem::path folder() const { return folder_.path(); }

 private:
  Folder folder_;
  std::string https_, elsewhere_, ssh_;
};

}  // namespace slipway
