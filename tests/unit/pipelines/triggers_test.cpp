#include "pipelines/triggers.hpp"

#include <catch2/catch.hpp>

using namespace slipway::pipelines;

namespace {
Triggers triggers(std::string_view on) {
  const auto parsed = parse_pipeline("on: " + std::string(on) + "\njobs: {unit: {image: debian:12, run: [make]}}\n");
  CAPTURE(on, render(parsed.diagnostics, on));
  REQUIRE(parsed.pipeline);
  return parsed.pipeline->on;
}
Context push(std::string branch, std::optional<std::vector<std::string>> paths = std::nullopt) {
  Context context;
  context.event = Event::push;
  context.branch = std::move(branch);
  context.changed_paths = std::move(paths);
  return context;
}
Context tag(std::string name) {
  Context context;
  context.event = Event::tag;
  context.tag = std::move(name);
  return context;
}
Context pull_request_to(std::string base) {
  Context context;
  context.event = Event::pull_request;
  context.pull_request = PullRequest{7, false, std::move(base), "topic"};
  return context;
}
Context registry(std::string image, std::string image_tag) {
  Context context;
  context.event = Event::registry;
  context.registry = RegistryPush{std::move(image), std::move(image_tag), ""};
  return context;
}
}  // namespace

TEST_CASE("every decision has a reason") {
  struct Row {
    const char* on;
    Context context;
    bool wanted;
    const char* reason;
  };
  const std::vector<Row> table{
      {"push", push("main"), true, "push to `main`"},
      {"tag", push("main"), false, "push to `main`: the file has no `on.push`"},
      {"{push: }", push("x"), true, "push to `x`"},
      {"{tag: }", tag("v1"), true, "tag `v1`"},
      {"{tag: {}}", tag("v1"), true, "tag `v1`"},
      {"{push: {branches: [main, 'release/**']}}", push("release/1/2"), true, "push to `release/1/2`"},
      {"{push: {branches: [main]}}", push("docs"), false, "push to `docs`: no pattern of `on.push.branches` matches"},
      {"{push: {branches: ['!wip/*']}}", push("wip/a"), false,
       "push to `wip/a`: no pattern of `on.push.branches` matches"},
      {"{push: {paths: ['src/**']}}", push("main", {{"README.md", "src/a.c"}}), true,
       "push to `main`, which changes `src/a.c`"},
      {"{push: {paths: ['src/**']}}", push("main", {{"README.md"}}), false,
       "push to `main`: none of the 1 changed files matches `on.push.paths`"},
      {"{push: {paths: ['src/**']}}", push("main"), true, "push to `main`; which files changed is not known"},
      {"{push: {paths: ['src/**']}}", push("main", std::vector<std::string>()), false,
       "push to `main`: none of the 0 changed files matches `on.push.paths`"},
      {"{tag: ['v*', '!v*-rc*']}", tag("v1"), true, "tag `v1`"},
      {"{tag: ['v*', '!v*-rc*']}", tag("v1-rc1"), false, "tag `v1-rc1`: no pattern of `on.tag` matches"},
      {"[push, tag]", tag("anything"), true, "tag `anything`"},
      {"push", tag("v1"), false, "tag `v1`: the file has no `on.tag`"},
      {"pull_request", pull_request_to("main"), true, "pull request 7 to `main`"},
      {"{pull_request: {branches: [main]}}", pull_request_to("dev"), false,
       "pull request 7 to `dev`: no pattern of `on.pull_request.branches` matches"},
      {"push", pull_request_to("main"), false, "pull request 7 to `main`: the file has no `on.pull_request`"},
      {"{registry: {image: r.example/python, tag: '3.*'}}", registry("r.example/python", "3.12"), true,
       "image `r.example/python` with tag `3.12`"},
      {"{registry: {image: r.example/python, tag: '3.*'}}", registry("r.example/python", "2"), false,
       "image `r.example/python` with tag `2`: no pattern of `on.registry.tag` matches"},
      {"{registry: [{image: a}, {image: b}]}", registry("b", "x"), true, "image `b` with tag `x`"},
      {"{registry: {image: a}}", registry("b", "x"), false, "image `b` with tag `x`: `on.registry` does not name it"},
      {"push", registry("b", "x"), false, "image `b` with tag `x`: the file has no `on.registry`"},
      {"push", Context(), true, "started by hand"},
      {"{manual: {}}", Context(), true, "started by hand"},
      {"{manual: {}}", push("main"), false, "push to `main`: the file has no `on.push`"}};
  for (const Row& row : table) {
    CAPTURE(row.on);
    const Decision decision = decide(triggers(row.on), row.context);
    CHECK(decision.wanted == row.wanted);
    CHECK(decision.reason == row.reason);
  }
}

TEST_CASE("a hostile branch name stays one short line of a reason") {
  const Decision decision = decide(triggers("tag"), push("a\nb\x1b[2J" + std::string(5000, 'x')));
  CHECK(decision.reason.size() < 200);
  CHECK(decision.reason.starts_with("push to `a b?[2Jxxx"));
}
