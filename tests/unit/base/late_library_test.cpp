#include "base/late_library.hpp"

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>

#include <catch2/catch.hpp>
#include <unistd.h>

#include "base/http_client.hpp"

using namespace slipway;

namespace {

bool is_mapped(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.find(name) != std::string::npos) return true;
  }
  return false;
}

/// What the dynamic linker would load for it.
std::string loaded_with_this_program() {
  const std::string command = "LD_TRACE_LOADED_OBJECTS=1 /proc/" + std::to_string(::getpid()) + "/exe";
  const std::unique_ptr<FILE, int (*)(FILE*)> list(::popen(command.c_str(), "r"), &::pclose);
  REQUIRE(list);
  std::string text;
  char line[512];
  while (std::fgets(line, sizeof line, list.get())) text += line;
  return text;
}

}  // namespace

TEST_CASE("a function of a library that is loaded late can be called") {
  const Result<LateLibrary> library = LateLibrary::load("libm.so.6");
  REQUIRE(library);
  double (*root)(double) = nullptr;
  REQUIRE(library->find("sqrt", root));
  CHECK(root(81.0) == 9.0);
}

TEST_CASE("a library that is not there is an error that names it and says what to do") {
  const Result<LateLibrary> library = LateLibrary::load("libnowhere.so.1", "install the package libnowhere1");
  REQUIRE_FALSE(library);
  CHECK(library.error().message.find("libnowhere.so.1") != std::string::npos);
  CHECK(library.error().hint == "install the package libnowhere1");
}

TEST_CASE("a function that a library does not have is an error that names it") {
  const Result<LateLibrary> library = LateLibrary::load("libm.so.6");
  REQUIRE(library);
  void (*missing)() = nullptr;
  const Result<void> found = library->find("no_such_function", missing);
  REQUIRE_FALSE(found);
  CHECK(found.error().message.find("no_such_function") != std::string::npos);
}

TEST_CASE("libcurl is not loaded with the program, but by its first request") {
  CHECK(loaded_with_this_program().find("libsodium.so") != std::string::npos);
  CHECK(loaded_with_this_program().find("libcurl.so") == std::string::npos);
  const Result<HttpResponse> answer = send_http(HttpRequest("GET", "http://user:word@127.0.0.1/"));
  REQUIRE_FALSE(answer);
  CHECK(answer.error().kind == Error::Kind::invalid);
  CHECK(is_mapped("libcurl.so"));
}
