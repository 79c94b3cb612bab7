#pragma once
#include <csignal>

#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.hpp"
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/integration/runs/required.hpp"

namespace slipway::runs {

/// A real registry without accounts at `ip`, on a port of its own.
class OpenRegistry {
 public:
  OpenRegistry(const Site& site, std::string ip) : site_(site), ip_(std::move(ip)) {
    port_ = 20000 + static_cast<int>(::getpid()) % 20000;
    site.shell("printf 'version: 0.1\nstorage:\n  filesystem: {rootdirectory: " + (site.folder / "registry").string() +
               "}\nhttp: {addr: \"" + address() + "\"}\n' > registry.yml");
    const std::string config = (site.folder / "registry.yml").string();
    pid_ = ::fork();
    if (pid_ == 0) {
      const int nowhere = ::open("/dev/null", O_RDWR);
      ::dup2(nowhere, 1);
      ::dup2(nowhere, 2);
      ::execlp("docker-registry", "docker-registry", "serve", config.c_str(), nullptr);
      ::_exit(127);
    }
    site.shell("for i in $(seq 100); do curl -fs http://" + address() + "/v2/ && exit 0; sleep 0.1; done; exit 1");
  }
  ~OpenRegistry() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  OpenRegistry(const OpenRegistry&) = delete;
  OpenRegistry& operator=(const OpenRegistry&) = delete;
  [[nodiscard]] std::string address() const { return ip_ + ":" + std::to_string(port_); }

  /// Of the manifest that a tag names now.
  [[nodiscard]] std::string digest_of(const std::string& repository, const std::string& tag) const {
    return site_.shell(curl("-I", repository, tag) + " | tr -d '\\r' | sed -n 's/^Docker-Content-Digest: //p'");
  }
  /// The image's id, as the manifest of that tag or digest has it.
  [[nodiscard]] std::string image_of(const std::string& repository, const std::string& reference) const {
    const Json manifest = required(parse_json(site_.shell(curl("", repository, reference))));
    return manifest.at("config").at("digest").get<std::string>();
  }

 private:
  [[nodiscard]] std::string curl(const std::string& option, const std::string& repository,
                                 const std::string& reference) const {
    return "curl -fs " + option + " -H 'Accept: application/vnd.docker.distribution.manifest.v2+json' http://" +
           address() + "/v2/" + repository + "/manifests/" + reference;
  }

  const Site& site_;
  std::string ip_;
  int port_ = 0;
  pid_t pid_ = -1;
};

}  // namespace slipway::runs
