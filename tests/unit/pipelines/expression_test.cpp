#include "pipelines/expression.hpp"

#include <catch2/catch.hpp>

#include "pipelines/expression_names.hpp"

using namespace slipway::pipelines;

namespace {
const std::map<std::string, std::string> parameters{{"env", "prod"}, {"quick", "true"}, {"count", "3"}};
const std::map<std::string, std::string> matrix{{"python", "3.12"}};

Scope scope() {
  Scope result;
  result.parameters["env"] = {Expression::Type::text, true};
  result.parameters["count"] = {Expression::Type::text, false};
  result.parameters["quick"] = {Expression::Type::boolean, false};
  result.matrix.insert("python");
  result.images.insert("app");
  result.status_functions = true;
  return result;
}

Context context() {
  Context result;
  result.project = "shop";
  result.event = Event::push;
  result.ref = "refs/heads/release/1.x";
  result.branch = "release/1.x";
  result.commit = {"0123456789abcdef0123456789abcdef01234567", "Fix it; rm -rf /", "ann"};
  return result;
}

std::string value_of(std::string_view source, Before before = Before::succeeded) {
  ExpressionError error;
  const auto expression = parse_expression(source, scope(), error);
  CAPTURE(source, error.message);
  REQUIRE(expression);
  return evaluate(*expression, Values{context(), parameters, matrix, before});
}
}  // namespace

TEST_CASE("expressions have values") {
  const std::vector<std::pair<std::string, std::string>> table{
      {"branch", "release/1.x"},
      {"commit.short", "0123456"},
      {"event", "push"},
      {"tag", ""},
      {"pull_request.number", ""},
      {"params.env", "prod"},
      {"parameters.count", "3"},
      {"matrix.python", "3.12"},
      {"'it''s'", "it's"},
      {"\"a \"\" b\"", "a \" b"},
      {"42", "42"},
      {"event == 'push'", "true"},
      {"event != 'push'", "false"},
      {"parameters.count == 3", "true"},
      {"parameters.quick", "true"},
      {"!parameters.quick", "false"},
      {"!!parameters.quick", "true"},
      {"parameters.quick == true", "true"},
      {"event == 'tag' || branch == 'main' || startsWith(branch, 'release/')", "true"},
      {"event == 'push' && branch == 'main'", "false"},
      {"true || false && false", "true"},  // && binds tighter
      {"(true || false) && false", "false"},
      {"!(event == 'tag')", "true"},
      {"contains(commit.message, 'Fix')", "true"},
      {"endsWith(ref, '.x')", "true"},
      {"slug(branch)", "release-1-x"},
      {"slug(commit.message)", "fix-it-rm-rf"},
      {"  event\t==\n'push' ", "true"}};
  for (const auto& [source, expected] : table) CHECK(value_of(source) == expected);
}

TEST_CASE("status functions say how the jobs before have ended") {
  CHECK(value_of("success()", Before::succeeded) == "true");
  CHECK(value_of("success()", Before::failed) == "false");
  CHECK(value_of("failure()", Before::failed) == "true");
  CHECK(value_of("failure()", Before::skipped) == "false");
  CHECK(value_of("always()", Before::skipped) == "true");
  CHECK(value_of("failure() && branch == 'main'", Before::failed) == "false");
}

TEST_CASE("a condition may hold after a failure unless success() is asked whatever else is") {
  const auto holds = [](std::string_view source, Before before) {
    ExpressionError error;
    const auto expression = parse_expression(source, scope(), error);
    CAPTURE(source, error.message);
    REQUIRE(expression);
    return may_hold(*expression, before);
  };
  for (const char* source :
       {"success()", "success() && branch == 'main'", "success() && (branch == 'main' || event == 'tag')",
        "!(!success() || event == 'tag')", "success() == true", "success() != false",
        "(branch == 'a' && success()) || (success() && parameters.quick)", "success() && true", "false || success()"}) {
    CAPTURE(source);
    CHECK(holds(source, Before::succeeded));
    CHECK_FALSE(holds(source, Before::failed));
    CHECK_FALSE(holds(source, Before::skipped));
  }
  for (const char* source :
       {"success() || branch == 'main'", "!success()", "success() == parameters.quick", "success() != true", "always()",
        "!(success() && parameters.quick)", "contains(branch, 'x') || (success() && event == 'push')"}) {
    CAPTURE(source);
    CHECK(holds(source, Before::failed));
    CHECK(holds(source, Before::skipped));
  }
  CHECK(holds("failure()", Before::failed));
  CHECK_FALSE(holds("failure()", Before::skipped));
  CHECK(holds("!failure()", Before::skipped));
}

TEST_CASE("only bare foreign text is tainted") {
  const auto taints = [](std::string_view source) {
    ExpressionError error;
    const auto expression = parse_expression(source, scope(), error);
    REQUIRE(expression);
    return tainted(*expression, scope());
  };
  for (const char* source :
       {"branch", "tag", "ref", "commit.message", "commit.author", "pull_request.head", "pull_request.base",
        "registry.tag", "registry.image", "registry.digest", "parameters.env", "(branch)"}) {
    CAPTURE(source);
    CHECK(taints(source));
  }
  for (const char* source :
       {"commit.sha", "commit.short", "event", "project", "parameters.count", "parameters.quick", "matrix.python",
        "slug(branch)", "branch == 'main'", "'text'", "pull_request.number", "pull_request.from_fork"}) {
    CAPTURE(source);
    CHECK_FALSE(taints(source));
  }
}

TEST_CASE("a slug is harmless whatever goes in") {
  CHECK(slug("Feature/ABC_1.2") == "feature-abc-1-2");
  CHECK(slug("$(rm -rf /);'\"`\n") == "rm-rf");
  CHECK(slug("--a--") == "a");
  CHECK(slug("éé").empty());
  CHECK(slug(std::string(500, 'x')).size() == 63);
  CHECK(slug(std::string(62, 'x') + "-y") == std::string(62, 'x'));
}

TEST_CASE("expressions are bounded") {
  ExpressionError error;
  CHECK_FALSE(parse_expression(std::string(1001, '!'), scope(), error));
  CHECK_FALSE(parse_expression(std::string(25, '!') + "true", scope(), error));
  CHECK_FALSE(parse_expression(std::string(25, '(') + "true" + std::string(25, ')'), scope(), error));
  std::string sum = "true";
  for (int i = 0; i < 60; ++i) sum += " && true";
  CHECK_FALSE(parse_expression(sum, scope(), error));
  CHECK(error.message == "the expression has more than 100 parts");
  std::string calls;
  for (int i = 0; i < 25; ++i) calls += "slug(";
  CHECK_FALSE(parse_expression(calls + "branch" + std::string(25, ')'), scope(), error));
}

TEST_CASE("a template joins texts and expressions") {
  const auto filled = [](std::string_view text) {
    std::vector<ExpressionError> errors;
    const Template parsed = parse_template(text, scope(), errors);
    CAPTURE(text);
    REQUIRE(errors.empty());
    return evaluate(parsed, Values{context(), parameters, matrix});
  };
  CHECK(filled("") == "");
  CHECK(filled("plain $HOME {{ x }} }}") == "plain $HOME {{ x }} }}");
  CHECK(filled("v${{ commit.short }}-${{matrix.python}}") == "v0123456-3.12");
  CHECK(filled("${{ '}}' }}") == "}}");
  CHECK(filled("${{ '${{' }}") == "${{");
  // What comes out is not looked at again.
  CHECK(filled("${{ '${{ secrets.X }}' }}") == "${{ secrets.X }}");
}

TEST_CASE("an error of a template says which expression, and where in it") {
  std::vector<ExpressionError> errors;
  parse_template("a ${{ branch }} b ${{ nope }} ${{ also }} ${{", scope(), errors);
  REQUIRE(errors.size() == 3);
  CHECK(errors[0].expression == 1);
  CHECK(errors[0].offset == 4);
  CHECK(errors[0].text == "nope");
  CHECK(errors[1].expression == 2);
  CHECK(errors[2].expression == 3);
}

TEST_CASE("events have names in both directions") {
  for (const Event event : {Event::push, Event::tag, Event::pull_request, Event::registry, Event::manual}) {
    CHECK(event_named(name_of(event)) == event);
  }
  CHECK_FALSE(event_named("schedule"));
}
