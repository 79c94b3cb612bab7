#include "orchestrator/rollouts/record.hpp"

#include <catch2/catch.hpp>

#include "base/encoding.hpp"
#include "base/ids.hpp"

using namespace slipway;
using namespace slipway::rollouts;

namespace {

Record record() {
  Record made;
  made.project = "shop";
  made.spec.application = "shop";
  made.spec.number = 4;
  made.spec.compose = "name: shop\nservices: {web: {image: a}}\n";
  made.spec.compose_path = "deploy/compose.yml";
  made.spec.variables["SLIPWAY_COMMIT"] = "abc";
  made.spec.files = {{"app.conf", "verbose"}, {"token", "hush"}};
  made.spec.hosts = {"h1", "h2"};
  made.spec.releases = {{"web", "r/web@sha256:1", "hash", 3, 2}};
  return made;
}

Application application() {
  Application made;
  made.secrets = {{"token", FileSource::Kind::file, "token"}};
  made.configs = {{"conf", FileSource::Kind::file, "app.conf"}};
  return made;
}

}  // namespace

TEST_CASE("a record gives the generation back, without the files that are secrets") {
  const auto label = pack_record(record(), application());
  REQUIRE(label);
  const auto read = unpack_record(*label);
  REQUIRE(read);
  CHECK(read->project == "shop");
  CHECK(read->spec.number == 4);
  CHECK(read->spec.compose == record().spec.compose);
  CHECK(read->spec.compose_path == "deploy/compose.yml");
  CHECK(read->spec.variables == record().spec.variables);
  CHECK(read->spec.hosts == record().spec.hosts);
  CHECK(read->spec.releases == record().spec.releases);
  CHECK(read->spec.files == std::map<std::string, std::string>{{"app.conf", "verbose"}});
}

TEST_CASE("a file that is a config and a secret is a secret") {
  Application both = application();
  both.secrets[0].value = "app.conf";
  CHECK(unpack_record(*pack_record(record(), both))->spec.files ==
        std::map<std::string, std::string>{{"token", "hush"}});
}

TEST_CASE("a record that is too long does without files, and one that is too long even so is refused") {
  Record large = record();
  large.spec.files["app.conf"] = random_hex(2 * longest_record);
  const auto label = pack_record(large, application());
  REQUIRE(label);
  CHECK(label->size() <= longest_record);
  CHECK(unpack_record(*label)->spec.files.empty());
  large.spec.compose = random_hex(2 * longest_record);
  CHECK(pack_record(large, application()).error().kind == Error::Kind::too_large);
}

TEST_CASE(
    "an env_file stays in the record, as it is in the environment anyway; one that is a secret makes there be none") {
  Application with_env = application();
  Service web;
  web.env_files = {{"app.env", true, false}};
  with_env.services = {web};
  Record made = record();
  made.spec.files["app.env"] = "A=1";
  made.spec.files["app.conf"] = random_hex(2 * longest_record);
  CHECK(unpack_record(*pack_record(made, with_env))->spec.files ==
        std::map<std::string, std::string>{{"app.env", "A=1"}});
  with_env.secrets[0].value = "app.env";
  CHECK(pack_record(made, with_env).error().message == "file app.env is a secret and an env_file");
}

TEST_CASE("what is no record, or a damaged one, is refused") {
  const std::string label = *pack_record(record(), application());
  for (const std::string& text :
       {std::string(), std::string("!"), to_base64("hello"), label.substr(0, label.size() / 2), label.substr(4)}) {
    CAPTURE(text);
    CHECK(unpack_record(text).error().kind == Error::Kind::invalid);
  }
}
