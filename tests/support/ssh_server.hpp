#pragma once
#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

#include <unistd.h>

#include "base/ids.hpp"

namespace slipway {

/// An ssh server of a test's own on a high port of the loopback, with throwaway keys. It lets root in with the key
/// `id`, and not with `stranger`.
class SshServer {
 public:
  explicit SshServer(int port = 20000 + static_cast<int>(::getpid() % 20000)) : port_(port) {
    shell("mkdir -p " + dir_ + " /run/sshd && cd " + dir_ +
          " && ssh-keygen -q -t ed25519 -N '' -f host && ssh-keygen -q -t ed25519 -N '' -f id" +
          " && ssh-keygen -q -t ed25519 -N '' -f stranger && cp id.pub authorized");
    std::ofstream(dir_ + "/config") << "Port " << port_ << "\nListenAddress 127.0.0.1\nHostKey " << dir_
                                    << "/host\nAuthorizedKeysFile " << dir_ << "/authorized\nPidFile " << dir_
                                    << "/pid\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\n"
                                    << "PasswordAuthentication no\nMaxStartups 100\n";
    known("known", "host");
    known("other", "stranger");
    shell("/usr/sbin/sshd -f " + dir_ + "/config -E " + dir_ + "/log");
  }
  SshServer(const SshServer&) = delete;
  ~SshServer() { static_cast<void>(std::system(("kill $(cat " + dir_ + "/pid); rm -rf " + dir_).c_str())); }

  /// The engine behind it that listens on the socket at `path`.
  [[nodiscard]] std::string url(const std::string& path) const {
    return "ssh://root@127.0.0.1:" + std::to_string(port_) + path;
  }
  /// Holds the private keys, the file `known` with its host key, and `other` with one that is not its.
  [[nodiscard]] std::string folder() const { return dir_; }

 private:
  static void shell(const std::string& command) {
    if (std::system(command.c_str()) != 0) throw std::runtime_error(command);
  }
  void known(const std::string& file, const std::string& key) const {
    shell("(printf '[127.0.0.1]:" + std::to_string(port_) + " '; cut -d' ' -f1,2 " + dir_ + "/" + key + ".pub) > " +
          dir_ + "/" + file);
  }

  std::string dir_ = "/tmp/slipway-sshd-" + random_hex(4);
  int port_;
};

}  // namespace slipway
