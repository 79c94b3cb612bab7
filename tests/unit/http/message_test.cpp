#include "orchestrator/http/message.hpp"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "orchestrator/http/input.hpp"
#include "orchestrator/http/sse.hpp"

using namespace slipway;
using namespace slipway::http;

namespace {

Request with_query(std::string query) {
  Request request;
  request.query = std::move(query);
  return request;
}

Result<Input> input_of(std::string body, std::string type = "application/json") {
  Request request;
  request.body = std::move(body);
  if (!type.empty()) request.headers.emplace_back("content-type", std::move(type));
  return Input::of(request);
}

}  // namespace

TEST_CASE("query arguments are decoded and the first of a name counts") {
  const Request request = with_query("a=1&b=x+y%2Fz&a=2&empty=&flag");
  CHECK(request.argument("a") == "1");
  CHECK(request.argument("b") == "x y/z");
  CHECK(request.argument("empty") == "");
  CHECK(request.argument("flag") == "");
  CHECK_FALSE(request.argument("c"));
  CHECK_FALSE(with_query("bad=%g1").argument("bad"));
}

TEST_CASE("a number argument is a whole number within its bounds or an error") {
  CHECK(with_query("n=7").number_argument("n", 1, 1, 10).value() == 7);
  CHECK(with_query("").number_argument("n", 1, 1, 10).value() == 1);
  for (const char* bad : {"n=", "n=0", "n=11", "n=1.5", "n=1e3", "n=abc", "n=%2B7", "n=99999999999999999999", "n=7 "}) {
    CAPTURE(bad);
    const auto number = with_query(bad).number_argument("n", 1, 1, 10);
    REQUIRE_FALSE(number);
    CHECK(number.error().kind == Error::Kind::invalid);
  }
}

TEST_CASE("every kind of error has a status of its own class") {
  CHECK(status_of(Error::Kind::invalid) == 400);
  CHECK(status_of(Error::Kind::not_found) == 404);
  CHECK(status_of(Error::Kind::too_large) == 413);
  CHECK(status_of(Error::Kind::unavailable) == 503);
  CHECK(status_of(Error::Kind::internal) == 500);
}

TEST_CASE("an error answer has kind, message, hint and request id") {
  const Response response = error_response(Error(Error::Kind::conflict, "it is \"taken\"", "take another"), "r-1");
  CHECK(response.status == 409);
  const auto body = parse_json(response.body);
  REQUIRE(body);
  CHECK((*body)["error"] ==
        Json({{"kind", "conflict"}, {"message", "it is \"taken\""}, {"hint", "take another"}, {"request_id", "r-1"}}));
}

TEST_CASE("an error with bytes that are not UTF-8 is still JSON") {
  const Response response = error_response(Error(Error::Kind::invalid, "bad \xff name"), "r");
  CHECK(parse_json(response.body));
}

TEST_CASE("input is read field by field") {
  auto input =
      input_of(R"({"name": "a", "on": true, "count": 3, "map": {"x": "1", "y": 2, "z": false}, "none": null})");
  REQUIRE(input);
  CHECK(input->text("name") == "a");
  CHECK(input->flag("on") == true);
  CHECK(input->number("count", 0, 10) == 3);
  CHECK(input->texts("map") == std::map<std::string, std::string>{{"x", "1"}, {"y", "2"}, {"z", "false"}});
  CHECK_FALSE(input->text("none"));
  CHECK(input->finish());
}

TEST_CASE("an empty body is an input without fields") {
  auto input = input_of("");
  REQUIRE(input);
  CHECK_FALSE(input->text("name"));
  CHECK(input->finish());
}

TEST_CASE("input of a wrong shape says what is wrong") {
  const char* const bad[] = {R"({"name": 1})",
                             R"({"name": ["a"]})",
                             R"({"name": "a\u0000b"})",
                             R"({"name": "0123456789"})",
                             R"({"count": "3"})",
                             R"({"count": 3.5})",
                             R"({"count": 11})",
                             R"({"count": -1})",
                             R"({"count": 18446744073709551615})",
                             R"({"on": "yes"})",
                             R"({"map": []})",
                             R"({"map": {"a": {}}})",
                             R"({"nmae": "a"})"};
  for (const char* body : bad) {
    CAPTURE(body);
    auto input = input_of(body);
    REQUIRE(input);
    (void)input->text("name", 9);
    (void)input->flag("on");
    (void)input->number("count", 0, 10);
    (void)input->texts("map");
    const Result<void> finished = input->finish();
    REQUIRE_FALSE(finished);
    CHECK(finished.error().kind == Error::Kind::invalid);
  }
  for (const char* body : {"[", "[]", "1", "null", "\"x\"", "{\"a\":1", "\xff", "{} x"}) {
    CAPTURE(body);
    CHECK_FALSE(input_of(body));
  }
  CHECK_FALSE(input_of("{}", "text/plain"));
  CHECK_FALSE(input_of("a=b", "application/x-www-form-urlencoded"));
}

TEST_CASE("a stream resumes behind the header's id, else behind the parameter") {
  Request request = with_query("after=5");
  CHECK(resume_point(request, "after").value() == 5);
  request.headers.emplace_back("last-event-id", "9");
  CHECK(resume_point(request, "after").value() == 9);
  CHECK_FALSE(resume_point(with_query(""), "after").value());
  for (const char* bad : {"after=-1", "after=x", "after=1.5", "after=99999999999999999999"}) {
    CAPTURE(bad);
    CHECK_FALSE(resume_point(with_query(bad), "after"));
  }
}

TEST_CASE("a server-sent event is its lines and an empty one") {
  CHECK(sse_event("7", "run.started", "{}") == "id: 7\nevent: run.started\ndata: {}\n\n");
  CHECK(sse_event("", "line", "{}") == "event: line\ndata: {}\n\n");
  CHECK(sse_comment().starts_with(":"));
}
