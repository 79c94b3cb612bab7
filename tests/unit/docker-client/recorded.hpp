#pragma once
#include <string>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/files.hpp"
#include "base/json.hpp"

/// What Engines answered, and what they are to be sent: files of testdata/.
namespace slipway::docker {

inline std::string recorded_text(const std::string& file) {
  const auto text = read_file("tests/unit/docker-client/testdata/" + file);
  REQUIRE(text);
  return *text;
}

inline std::string recorded_lines(const std::string& name) {
  return recorded_text(name + ".jsonl");
}

inline Json recorded_json(const std::string& file) {
  const Result<Json> json = parse_json(recorded_text(file));
  REQUIRE(json);
  return *json;
}

}  // namespace slipway::docker
