// examples/git-hook/post-receive, as git runs it, with a curl that only keeps what it is to send.
#include <catch2/catch.hpp>

#include "base/files.hpp"
#include "base/process.hpp"
#include "base/text.hpp"
#include "orchestrator/triggers/decide.hpp"
#include "orchestrator/triggers/parse.hpp"
#include "tests/support/programs.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/triggers/messages.hpp"

using namespace slipway;
using namespace slipway::triggers;
namespace fs = std::filesystem;

namespace {

/// A repository `work` with a commit and a bare one, `bare`, that has the hook.
class HookedRepository {
 public:
  HookedRepository() {
    shell(
        "git init -q --bare -b main bare; git init -q -b main work; git -C work remote add origin ../bare; "
        "git -C bare config slipway.url http://127.0.0.1:1/; git -C bare config slipway.secret s; mkdir bin; "
        "printf '%s\\n' '#!/bin/sh' 'while [ \"$1\" != --data-binary ]; do shift; done' "
        "'printf %s \"$2\" > \"$SENT\"' > bin/curl; chmod +x bin/curl");
    fs::copy_file("examples/git-hook/post-receive", folder_.path() / "bare/hooks/post-receive");
  }

  /// The output of a shell script run in the folder, without its last newline.
  std::string shell(const std::string& script) const {
    ProcessSpec spec("sh", {"-ec", "PATH=$PWD/bin:$PATH; " + script});
    spec.directory = folder_.path();
    spec.environment = {{"GIT_CONFIG_GLOBAL", "/dev/null"},  {"SENT", (folder_.path() / "sent").string()},
                        {"GIT_AUTHOR_NAME", "Dev"},          {"GIT_COMMITTER_NAME", "Dev"},
                        {"GIT_AUTHOR_EMAIL", "d@e.example"}, {"GIT_COMMITTER_EMAIL", "d@e.example"}};
    const auto outcome = run_async(run_process(std::move(spec)));
    REQUIRE(outcome);
    INFO(outcome->output << outcome->errors);
    REQUIRE(outcome->exit_code == 0);
    return std::string(trimmed(outcome->output));
  }

  /// A commit with this message, pushed.
  void push(const std::string& message) const {
    REQUIRE(write_file(folder_.path() / "message", message));
    shell("cd work; git commit -q --allow-empty -F ../message; git push -q origin main");
  }

  /// The last push as the hook told it.
  TriggerEvent told() const {
    const Result<std::string> body = read_file(folder_.path() / "sent");
    REQUIRE(body);
    INFO(*body);
    Result<std::vector<Parsed>> events = parse(Source::generic, message_from(Source::generic, "push", *body));
    REQUIRE(events);
    REQUIRE(events->size() == 1);
    return std::move(events->front().event);
  }
  bool told_anything() const { return fs::exists(folder_.path() / "sent"); }

 private:
  Folder folder_;
};

}  // namespace

TEST_CASE("the example's hook tells a commit's title, whatever is in it") {
  const HookedRepository repository;
  repository.push("Größe \"x\" \\n \tof %s\n\nbody\n");
  CHECK(repository.told().title == "Größe \"x\" \\n of %s");
  repository.push("half of one \xC3");
  CHECK_THAT(repository.told().title, Catch::StartsWith("half of one"));
  repository.push("Words alone [skip ci]");
  CHECK(decide(repository.told(), {}).decision == store::Decision::ignored);
}

TEST_CASE("the example's hook tells of an annotated tag with its commit, and of a tag of a tree nothing") {
  const HookedRepository repository;
  const std::string tagged = repository.shell(
      "cd work; git commit -q --allow-empty -m one; git tag -a -m two v2.0; git push -q origin v2.0; "
      "git rev-parse HEAD");
  const TriggerEvent event = repository.told();
  CHECK(event.kind == EventKind::tag);
  CHECK(event.tag == "v2.0");
  CHECK(event.commit == tagged);
  repository.shell("rm sent; cd work; git tag -a -m two tree 'HEAD^{tree}'; git push -q origin tree");
  CHECK_FALSE(repository.told_anything());
}
