// examples/hello/deploy: the application of `./dev demo`.
#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "orchestrator/rollouts/compose/decode.hpp"

using namespace slipway;
using namespace slipway::rollouts;

TEST_CASE("the example's Compose file is an application with a gate on the port that its program listens on") {
  ComposeText file;
  file.text = *read_file("examples/hello/deploy/compose.yml");
  const std::string placeholder = "REGISTRY";
  const auto at = file.text.find(placeholder);
  REQUIRE(at != std::string::npos);
  file.text.replace(at, placeholder.size(), "198.51.100.1:5000");
  file.group = "production";
  const auto application = decode_compose(file, ComposeRules());
  if (!application) FAIL(application.error().message + "\n" + application.error().hint);
  CHECK(application->name == "hello");
  REQUIRE(application->services.size() == 1);
  CHECK(application->services[0].name == "web");
  REQUIRE(application->policy.gate);
  CHECK(application->policy.gate->path == "/healthz");
  const std::string program = *read_file("examples/hello/app.py");
  CHECK(program.find(std::to_string(application->policy.gate->port)) != std::string::npos);
  CHECK(program.find(application->policy.gate->path) != std::string::npos);
}
