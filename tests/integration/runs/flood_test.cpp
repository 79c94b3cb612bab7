// Steps that write without end.
#include "tests/integration/runs/mini_daemon.hpp"
#include "tests/support/helper_engine.hpp"

using namespace slipway;
using namespace slipway::runs;
using namespace std::chrono_literals;

namespace fs = std::filesystem;

namespace {

constexpr std::uint64_t kLimit = 256 << 10;

/// Of all files below `folder` whose name has `part` in it.
std::uintmax_t size_of(const fs::path& folder, const std::string& part) {
  std::uintmax_t sum = 0;
  std::error_code gone;
  for (const auto& entry : fs::recursive_directory_iterator(folder, gone)) {
    if (entry.path().filename().string().find(part) == std::string::npos) continue;
    const std::uintmax_t size = entry.file_size(gone);
    if (!gone) sum += size;
  }
  return sum;
}

}  // namespace

TEST_CASE("a flood of output, in lines or in none, is bounded on the disks of engine and slipway, and fails visibly") {
  const std::string flood =
      GENERATE("yes 'a line of output'", "tr '\\\\0' x < /dev/zero", "tr '\\\\0' '\\\\1' < /dev/zero");
  HelperEngine helper;
  helper.load_busybox();
  const Site site;
  MiniDaemon daemon(site, helper.unix_endpoint(), [](Settings& settings) { settings.log_limit = kLimit; });
  const RunId id = daemon.push(site.commit(
      {{"slipway.yml", "on: {push: {}}\njobs:\n  unit: {image: busybox, network: none, run: [\"" + flood + "\"]}\n"}}));
  std::uintmax_t at_engine = 0, at_slipway = 0;
  const auto state = [&] { return daemon.run(daemon.store->read(&store::Runs::get, id))->state; };
  const auto limit = std::chrono::steady_clock::now() + 30s;
  while (state() != store::RunState::finished) {
    REQUIRE(std::chrono::steady_clock::now() < limit);
    daemon.io.restart();
    daemon.io.run_one_for(20ms);
    at_engine = std::max(at_engine, size_of(helper.folder() + "/data/containers", "-json.log"));
    at_slipway = std::max(at_slipway, size_of(site.folder / "logs", ""));
  }
  const store::Run run = daemon.wait(id);
  CAPTURE(flood, run.reason, at_engine, at_slipway);
  CHECK(run.verdict == store::Verdict::failed);
  CHECK(run.reason.find("the log is over its limit") != std::string::npos);
  CHECK(at_engine > 0);
  CHECK(at_engine <= 2 * 8 * kLimit + (256 << 10));
  CHECK(at_slipway <= 2 * kLimit);  // as it is compressed, twice for a moment
  const auto attempts = daemon.attempts(id);
  REQUIRE(attempts.size() == 1);
  CHECK(attempts[0].log.truncated);
  CHECK(attempts[0].log.content_bytes > 0);
  CHECK(daemon.log(id, attempts[0].log_name)
            .ends_with("[the log is over its limit of 262144 bytes: the step is stopped]\n"));
}
