// docker-compose.yml and the recipes of the documents, as people have them: by Docker Compose v2 and slipway's image
// alone. Hidden, since they need that image: ctest runs them as e2e_compose.
#include <functional>
#include <sstream>
#include <thread>

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/ids.hpp"
#include "tests/e2e/world.hpp"

using namespace slipway;
using namespace slipway::e2e;
using namespace std::chrono_literals;

namespace {

/// What the lines at the top of docker-compose.yml leave to its user, and what keeps the test apart from others.
constexpr const char* composed_override = R"(services:
  slipwayd:
    image: {image}
    environment: ["SLIPWAY_LISTEN=127.0.0.1:{listen}"]
    volumes: ["{folder}:{folder}:ro"]
  registry:
    ports: !override ["127.0.0.1:{registry}:5000"]
)";

constexpr const char* composed_dockerfile = R"(FROM busybox:latest
RUN mkdir -p /www && echo composed > /www/version
CMD ["httpd", "-f", "-p", "8080", "-h", "/www"]
)";

constexpr const char* composed_pipeline = R"(on: {{push: {{}}}}
images: {{app: {{context: .}}}}
jobs:
  unit:
    image: ${{{{ images.app }}}}
    secrets: [WORD]
    run: ['test "$WORD" = "told to nobody"']
  publish: {{needs: [unit], push: {{image: app, to: {image}, tags: [latest]}}}}
  production: {{needs: [publish], deploy: {{file: compose.yml, images: {{web: app}}, group: production}}}}
)";

constexpr const char* composed_application = R"(name: {name}-shop
services:
  web:
    image: {image}
    ports: ["{port}:8080"]
    stop_grace_period: 1s
x-slipway: {{min_healthy_time: 1s, health_deadline: 15s}}
)";

/// Removes all that the project and its application left on the engine.
constexpr const char* composed_removal = R"(export DOCKER_GID=0
docker compose down -v
of="label=dev.slipway.application=$COMPOSE_PROJECT_NAME-shop"
docker ps -aq --filter "$of" | xargs -r docker rm -fv
docker network ls -q --filter "$of" | xargs -r docker network rm
docker volume ls -q --filter "$of" | xargs -r docker volume rm
docker images -q "localhost/slipway/$COMPOSE_PROJECT_NAME-app" | sort -u | xargs -r docker rmi -f
)";

std::string whole(const std::filesystem::path& path) {
  const Result<std::string> text = read_file(path);
  if (!text) throw std::runtime_error(text.error().message);
  return *text;
}

/// `text` with `to` in the place of `from`, which has to be there.
std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  if (at == std::string::npos) throw std::runtime_error("nothing says any more: " + from);
  return text.replace(at, from.size(), to);
}

/// The commands that a document shows below the line with `phrase`, as one pastes them into a shell.
std::string recipe(const std::string& document, const std::string& phrase) {
  std::istringstream text(whole(document));
  std::string commands;
  bool found = false;
  for (std::string line; std::getline(text, line);) {
    found = found || line.find(phrase) != std::string::npos;
    if (found && line.starts_with("    ")) {
      commands += line.substr(4) + "\n";
    } else if (!commands.empty() && !line.empty()) {
      break;
    }
  }
  if (commands.empty()) throw std::runtime_error(document + " has no commands below: " + phrase);
  return commands;
}

/// The line of docker-compose.yml that holds `phrase`, without the comment's sign.
std::string commented(const std::string& phrase) {
  std::istringstream text(whole("docker-compose.yml"));
  for (std::string line; std::getline(text, line);) {
    if (line.find(phrase) != std::string::npos) return line.substr(line.find_first_not_of("# "));
  }
  throw std::runtime_error("docker-compose.yml has no line with: " + phrase);
}

void await_that(const std::string& what, std::chrono::seconds limit, const std::function<bool()>& holds) {
  const auto give_up = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > give_up) throw std::runtime_error("in vain: " + what);
    std::this_thread::sleep_for(100ms);
  }
}

/// docker-compose.yml in a folder of its own, under a random name and on free ports, with the settings that its
/// comments propose and a public_url. All that comes of it goes with the object.
class Composed {
 public:
  Composed();
  Composed(const Composed&) = delete;
  ~Composed();

  /// Commands for bash, in the folder, with the shell function `slipway` of docs/cli.md; ends at the first that fails.
  [[nodiscard]] Ran shell(const std::string& commands, const std::string& input = {}) const;
  /// What they print; throws if one fails.
  std::string output(const std::string& commands, const std::string& input = {}) const;

  /// Everything up, and the first admin logged in.
  void start() const;
  /// Both slipwayd and the registry.
  void await_ready() const;
  /// As the image's HEALTHCHECK says, after so many restarts by the engine.
  void await_healthy(int restarts) const;

  /// A repository with a pipeline, its project, and the project's secret.
  void add_project() const;
  /// By hand, to its end.
  void run_pipeline() const;
  [[nodiscard]] std::string deployed() const { return http_get(fmt::format("http://127.0.0.1:{}/version", service_)); }

  [[nodiscard]] std::string url() const { return fmt::format("http://127.0.0.1:{}", listen_); }
  [[nodiscard]] bool registry_answers() const { return !http_get("http://" + registry() + "/v2/").empty(); }

 private:
  void write(const std::string& file, const std::string& text) const;
  [[nodiscard]] std::string registry() const { return fmt::format("127.0.0.1:{}", registry_); }
  [[nodiscard]] std::map<std::string, std::string> environment() const;

  Folder folder_;
  const std::string name_ = "composed-" + random_hex(4);
  const std::string image_ = required("SLIPWAY_TEST_IMAGE");
  const int listen_ = free_port(), registry_ = free_port(), service_ = free_port();
};

Composed::Composed() {
  std::string file = whole("docker-compose.yml");
  for (const std::string line :
       {"- ./slipwayd.yml:/etc/slipway/slipwayd.yml:ro", "- SLIPWAY_CONFIG=/etc/slipway/slipwayd.yml"}) {
    file = replaced(file, "# " + line, line);
  }
  write("docker-compose.yml", file);
  write("docker-compose.override.yml",
        fmt::format(composed_override, fmt::arg("image", image_), fmt::arg("listen", listen_),
                    fmt::arg("registry", registry_), fmt::arg("folder", folder_.path().string())));
  write("slipwayd.yml",
        "public_url: https://ci.example\ngit: {allow_local: true}\n" + commented("hosts: {here: ") + "\n");
}

Composed::~Composed() {
  try {
    const Ran ran = run({"bash", "-c", composed_removal}, environment(), {}, folder_.path());
    if (ran.code != 0) WARN(ran.err);
  } catch (const std::exception& error) {
    WARN(error.what());
  }
}

void Composed::write(const std::string& file, const std::string& text) const {
  std::filesystem::create_directories((folder_.path() / file).parent_path());
  const Result<void> written = write_file(folder_.path() / file, text);
  if (!written) throw std::runtime_error(written.error().message);
}

std::map<std::string, std::string> Composed::environment() const {
  return {{"COMPOSE_PROJECT_NAME", name_},  // counts before the file's `name`
          {"DOCKER_CONFIG", required("SLIPWAY_TEST_RIG") + "/docker"},
          {"HOME", folder_.path().string()}};
}

Ran Composed::shell(const std::string& commands, const std::string& input) const {
  const std::string function =
      replaced(recipe("docs/cli.md", "As a function of your shell"), " slipway \"$@\"", " " + image_ + " \"$@\"");
  return run({"bash", "-ec", function + commands}, environment(), input, folder_.path());
}

std::string Composed::output(const std::string& commands, const std::string& input) const {
  const Ran ran = shell(commands, input);
  if (ran.code != 0) throw std::runtime_error(fmt::format("{}\nexited {}: {}{}", commands, ran.code, ran.out, ran.err));
  return ran.out;
}

void Composed::start() const {
  output("echo \"DOCKER_GID=$(stat -c %g /var/run/docker.sock)\" >> .env; docker compose up -d");
  await_ready();
  output("docker compose logs slipwayd | grep -o 'slw_[A-Za-z0-9_-]*' | slipway login --url " + url());
}

void Composed::await_ready() const {
  await_that("slipwayd is ready", 20s, [this] { return !http_get(url() + "/readyz").empty(); });
  await_that("the registry answers", 20s, [this] { return registry_answers(); });
}

void Composed::await_healthy(int restarts) const {
  const std::string wanted = std::to_string(restarts) + " healthy\n";
  await_that("slipwayd is healthy", 40s, [&] {
    const std::string format = "'{{.RestartCount}} {{.State.Health.Status}}'";
    return output("docker inspect -f " + format + " $(docker compose ps -aq slipwayd)") == wanted;
  });
}

void Composed::add_project() const {
  write("shop/Dockerfile", composed_dockerfile);
  const std::string image = registry() + "/shop/app";
  write("shop/slipway.yml", fmt::format(composed_pipeline, fmt::arg("image", image)));
  write("shop/compose.yml", fmt::format(composed_application, fmt::arg("name", name_), fmt::arg("image", image),
                                        fmt::arg("port", service_)));
  output(R"(
    git init -q -b main shop
    cd shop
    git add .
    git -c user.name=Test -c user.email=test@example.invalid commit -qm 'A shop'
    slipway project add "$COMPOSE_PROJECT_NAME" --clone-url "$PWD"
    printf 'told to nobody' | slipway secret set WORD -p "$COMPOSE_PROJECT_NAME")");
}

void Composed::run_pipeline() const {
  output("slipway run watch --timeout 180s $(slipway trigger -p $COMPOSE_PROJECT_NAME)");
}

std::vector<std::string> commands_of(const std::string& recipe_text) {
  std::istringstream text(recipe_text);
  std::vector<std::string> commands;
  for (std::string line; std::getline(text, line);) commands.push_back(line);
  return commands;
}

}  // namespace

TEST_CASE("docker-compose.yml says that DOCKER_GID is missing before it starts anything", "[.][compose]") {
  const Composed composed;
  const Ran up = composed.shell("docker compose up -d");
  CHECK(up.code != 0);
  CHECK(up.err.find("DOCKER_GID") != std::string::npos);
  CHECK(composed.output("DOCKER_GID=1 docker compose ps -aq").empty());
}

TEST_CASE("README's commands start slipwayd with a registry, and show the first token and another one",
          "[.][compose]") {
  const Composed composed;
  const std::vector<std::string> commands = commands_of(recipe("README.md", "Compose v2, on Linux"));
  REQUIRE(commands.size() == 4);
  composed.output(commands[0] + "\n" + commands[1]);
  composed.await_healthy(0);
  CHECK(composed.registry_answers());
  CHECK(composed.output(commands[2]).find("token=slw_") != std::string::npos);
  const std::string another = composed.output(commands[3]);
  CHECK(another.starts_with("slw_"));
  composed.output(replaced(commented("slipwayd slipway login --url"), "http://127.0.0.1:8080", composed.url()),
                  another);
  CHECK(composed.output("docker compose exec slipwayd slipway token list").find("admin") != std::string::npos);
}

TEST_CASE("what docker-compose.yml starts builds, pushes to its registry and deploys to this machine", "[.][compose]") {
  const Composed composed;
  composed.start();
  composed.add_project();
  const Result<Json> projects = parse_json(composed.output("slipway project list --json"));
  REQUIRE(projects);
  CHECK(text_at(projects->at(0), "hook_url").starts_with("https://ci.example/hooks/composed-"));
  composed.run_pipeline();
  CHECK(composed.deployed() == "composed\n");
  const std::string run_of_head = composed.output("cd shop; slipway run view -p $COMPOSE_PROJECT_NAME --commit HEAD");
  CHECK(run_of_head.find("passed") != std::string::npos);
}

TEST_CASE("the registry of docker-compose.yml answers whatever becomes of slipwayd, which comes back", "[.][compose]") {
  const Composed composed;
  composed.start();
  composed.output("docker restart $(docker compose ps -q slipwayd)");
  CHECK(composed.registry_answers());
  composed.await_healthy(0);
  // As a crash does; a `docker kill` would be a person's wish, after which it stays away.
  composed.output("kill -9 $(docker inspect -f '{{.State.Pid}}' $(docker compose ps -q slipwayd))");
  CHECK(composed.registry_answers());
  composed.await_healthy(1);
}

TEST_CASE("a backup is restored under Compose as docs/daemon.md says, here and on a new machine", "[.][compose]") {
  const Composed composed;
  composed.start();
  composed.add_project();
  composed.run_pipeline();
  const std::string commands = recipe("docs/daemon.md", "go through that user's hands, by");
  composed.output(commands);
  composed.await_ready();
  composed.run_pipeline();

  const auto restoring = commands.find("docker compose run");
  REQUIRE(restoring != std::string::npos);
  composed.output("docker compose down -v");
  composed.output(commands.substr(restoring));
  composed.await_ready();
  // It has the project, its secret, and the client's token.
  composed.run_pipeline();
  CHECK(composed.deployed() == "composed\n");
}
