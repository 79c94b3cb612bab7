#include "tests/support/git_servers.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

#include "base/encoding.hpp"
#include "base/files.hpp"

namespace slipway {
namespace {

void shell(const std::string& script, const std::filesystem::path& directory) {
  const Ran ran = run_program({"sh", "-ec", script}, {{"GIT_CONFIG_GLOBAL", "/dev/null"}, {"GIT_CONFIG_NOSYSTEM", "1"}},
                              {}, directory);
  if (ran.code != 0) throw std::runtime_error(script + ": " + ran.err);
}

constexpr auto kKeys = R"(
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj '/CN=git test CA' \
  -keyout ca-key.pem -out ca.pem 2> /dev/null
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=git -keyout server-key.pem -out server.csr 2> /dev/null
printf 'subjectAltName=IP:127.0.0.1\n' > server.ext
openssl x509 -req -in server.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile server.ext -out server.pem 2> /dev/null
ssh-keygen -q -t ed25519 -N '' -f host
ssh-keygen -q -t ed25519 -N '' -f client
mkdir repositories lfs
)";

}  // namespace

GitServers::GitServers() {
  shell(kKeys, folder_.path());
  std::ofstream(folder_.path() / "password") << "robot:" << password() << "\n";
  shell("setsid -f python3 '" + (std::filesystem::current_path() / "tests/support/git_servers.py").string() + "' . " +
            std::to_string(::getpid()) + " < /dev/null > server.log 2>&1",
        folder_.path());
  for (int i = 0; i < 6000 && !std::filesystem::exists(folder_.path() / "ports"); ++i) ::usleep(10'000);
  std::ifstream(folder_.path() / "ports") >> https_ >> elsewhere_ >> ssh_;
  if (ssh_.empty()) throw std::runtime_error("git servers: " + read_file(folder_.path() / "server.log").value_or(""));
  shell("(printf '[127.0.0.1]:" + ssh_ + " '; cut -d' ' -f1,2 host.pub) > known_hosts", folder_.path());
}

GitServers::~GitServers() = default;  // the folder goes, and the servers with it

std::string GitServers::commit(const std::string& name, const std::string& script) const {
  const std::filesystem::path work = folder_.path() / "work" / name;
  const std::filesystem::path bare = folder_.path() / "repositories" / name;
  std::filesystem::create_directories(work);
  std::filesystem::create_directories(bare);
  shell("[ -d .git ] || { git init -q -b main; git init -q --bare -b main '" + bare.string() + "'; }\n" + script +
            "\ngit add -A; git -c user.name=Dev -c user.email=dev@example.org commit -q --allow-empty -m 'Change it'"
            "; git push -q '" +
            bare.string() + "' HEAD:main",
        work);
  const Ran id = run_program({"git", "-C", work.string(), "rev-parse", "HEAD"}, {{"GIT_CONFIG_GLOBAL", "/dev/null"}});
  return id.out.substr(0, id.out.find('\n'));
}

std::string GitServers::lfs_pointer(const std::string& content) const {
  const std::string id = sha256_hex(content);
  std::ofstream(folder_.path() / "lfs" / id, std::ios::binary) << content;
  return "version https://git-lfs.github.com/spec/v1\noid sha256:" + id + "\nsize " + std::to_string(content.size()) +
         "\n";
}

std::string GitServers::ssh_key() const {
  return read_file(folder_.path() / "client").value();
}

std::string GitServers::requests_elsewhere() const {
  std::istringstream all(read_file(folder_.path() / "requests").value_or(""));
  std::string found;
  for (std::string line; std::getline(all, line);) {
    if (line.starts_with(elsewhere_ + " ")) found += line + "\n";
  }
  return found;
}

}  // namespace slipway
