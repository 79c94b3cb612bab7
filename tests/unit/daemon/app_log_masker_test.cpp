#include "orchestrator/daemon/app_log_masker.hpp"

#include "base/encoding.hpp"
#include "orchestrator/daemon/project_secrets.hpp"
#include "orchestrator/runs/run_context.hpp"
#include "tests/unit/store/temporary_store.hpp"

using namespace slipway;
using namespace slipway::daemon;

namespace {

AppLogMasker masker_of(const std::string& secret) {
  return AppLogMasker(std::make_shared<const logs::MaskPatterns>(std::vector<Secret>{Secret(secret)}));
}

rollouts::ApplicationLine line_of(std::string text, bool ends = true) {
  rollouts::ApplicationLine line{"h1", "web", "shop-web-g1-1", "stdout", {}, {}, true};
  line.text = std::move(text);
  line.ends = ends;
  return line;
}

}  // namespace

TEST_CASE("the lines of an application show neither its project's secrets nor their base64") {
  store::TemporaryStore s;
  const auth::Vault vault({Secret(from_hex(random_hex(32)).value())});
  store::Project shop;
  shop.name = "shop";
  shop.created = store::kNoon;
  const ProjectId id = s.write(&store::Projects::add, shop).value();
  shop = s.read(&store::Projects::get, id).value();
  store::ProjectSecret secret;
  secret.project = id;
  secret.name = "DB";
  secret.sealed = vault.seal(Secret("hunter2-hunter2"), "shop", sealed::secret("DB"));
  REQUIRE(s.write(&store::Projects::set_secret, secret));
  ProjectSecrets secrets(*s.store, vault);
  const auto access = run_async(secrets.access(shop));
  REQUIRE(access);
  AppLogMasker masker(runs::masks_for(*access));
  CHECK(masker.mask(line_of("db=hunter2-hunter2 up")) == "db=*** up");
  const std::string encoded = masker.mask(line_of(to_base64("hunter2-hunter2")));
  CHECK(encoded.find(to_base64("hunter2-hunter2").substr(0, 16)) == std::string::npos);
  CHECK(masker.mask(line_of("hunter2")) == "hunter2");
}

TEST_CASE("a secret in a line that comes in parts is hidden, whatever another stream writes in between") {
  AppLogMasker masker = masker_of("hunter2-hunter2");
  const std::string begin = masker.mask(line_of("db=hunter2", false));
  rollouts::ApplicationLine other = line_of("-hunter2");
  other.stream = "stderr";
  CHECK(masker.mask(other) == "-hunter2");
  CHECK(begin + masker.mask(line_of("-hunter2 up")) == "db=*** up");
}

TEST_CASE("a part of a line that ends with the start of a secret is shown once the line goes on otherwise") {
  AppLogMasker masker = masker_of("hunter2-hunter2");
  const std::string begin = masker.mask(line_of("db=hunter2", false));
  CHECK(begin.find("hunter2") == std::string::npos);
  CHECK(begin + masker.mask(line_of(" up")) == "db=hunter2 up");
}
