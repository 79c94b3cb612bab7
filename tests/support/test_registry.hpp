#pragma once
#include <memory>
#include <string>

namespace slipway {

/// A docker-registry of the test's own on a free loopback port, with one account; gone with the object, files included.
class TestRegistry {
 public:
  static constexpr auto user = "tester";
  static constexpr auto password = "a test's password";

  /// Throws if it does not come up within 15 s.
  TestRegistry();
  /// Whom it tells of every push, and what it shows there.
  struct Listener {
    std::string url, authorization;
  };
  explicit TestRegistry(const Listener& listener);
  /// With another `auth` section of its configuration: a line of YAML.
  explicit TestRegistry(const std::string& auth);
  ~TestRegistry();
  TestRegistry(const TestRegistry&) = delete;

  /// "127.0.0.1:PORT".
  [[nodiscard]] const std::string& host() const { return host_; }

 private:
  struct Running;
  std::string one_account() const;
  void start(const std::string& auth, const std::string& more = {});
  std::unique_ptr<Running> running_;
  std::string host_;
};

}  // namespace slipway
