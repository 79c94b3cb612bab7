// schema.json against the decoder: the same files, the same verdicts. The schema is judged by a validator of its own
// (python3-jsonschema).
#include "pipelines/schema.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "base/process.hpp"
#include "pipelines/lint.hpp"
#include "pipelines/yaml_reader.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/pipelines/golden.hpp"

using namespace slipway::pipelines;
using namespace slipway::pipelines::test;
using slipway::Json;

namespace {

Json scalar(const YamlNode& node) {
  const std::string& text = node.text;
  const bool numeric = !text.empty() && text.size() < 16 && text.find_first_not_of("0123456789.-") == std::string::npos;
  if (node.quoted || !(numeric || text == "true" || text == "false")) return text;
  const Json value = Json::parse(text, nullptr, false);
  return value.is_discarded() ? Json(text) : value;
}

/// As an editor sees it: a YAML file as JSON, numbers and booleans where they are not quoted.
Json to_json(const YamlNode& node) {
  if (node.is_scalar()) return scalar(node);
  if (node.is_list()) {
    Json list = Json::array();
    for (const YamlNode& item : node.items) list.push_back(to_json(item));
    return list;
  }
  if (!node.is_map()) return nullptr;
  Json map = Json::object();
  for (const YamlEntry& entry : node.entries) map[entry.key] = to_json(entry.value);
  return map;
}

struct Sample {
  std::string name;
  Json json;
  bool valid;          // says the decoder
  bool beyond_schema;  // wrong in a way that no schema can see
};

void add(std::vector<Sample>& samples, const std::string& name, const std::string& text) {
  Diagnostics said("f");
  const auto node = read_yaml(text, said);
  if (!node) return;  // no YAML, so not for a schema
  samples.push_back({name, to_json(*node), lint(text).valid(), name.ends_with("[beyond the schema]")});
}

std::vector<Sample> samples() {
  std::vector<Sample> all;
  for (const auto& path : files_in(testdata / "good", ".yml")) add(all, path.filename(), read_file(path));
  for (const auto& path : files_in(testdata / "bad", ".cases")) {
    for (const BadFile& file : read_cases(path)) add(all, path.stem().string() + ": " + file.name, file.text);
  }
  return all;
}

std::vector<bool> verdicts_of_schema(const std::vector<Sample>& all) {
  Json instances = Json::array();
  for (const Sample& sample : all) instances.push_back(sample.json);
  slipway::ProcessSpec spec("python3", {"tests/unit/pipelines/validate.py", "pipelines/schema.json"});
  spec.input = instances.dump();
  const auto outcome = slipway::run_async(slipway::run_process(std::move(spec)));
  REQUIRE(outcome);
  CAPTURE(outcome->errors);
  REQUIRE(outcome->exit_code == 0);
  return Json::parse(outcome->output).get<std::vector<bool>>();
}

void collect_properties(const Json& schema, std::set<std::string>& names) {
  if (!schema.is_structured()) return;
  for (const auto& [key, value] : schema.items()) {
    if (key == "properties" && value.is_object()) {
      for (const auto& [name, what] : value.items()) names.insert(name);
    }
    collect_properties(value, names);
  }
}

void collect_keys(const Json& json, std::set<std::string>& keys) {
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) {
    if (json.is_object()) keys.insert(key);
    collect_keys(value, keys);
  }
}

}  // namespace

TEST_CASE("slipway has the schema in it as the file is") {
  CHECK(schema() == read_file("pipelines/schema.json"));
}

TEST_CASE("the schema and the decoder agree on every file") {
  const std::vector<Sample> all = samples();
  const std::vector<bool> fits = verdicts_of_schema(all);
  REQUIRE(fits.size() == all.size());
  std::size_t refused = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    CAPTURE(all[i].name);
    CHECK(fits[i] == (all[i].valid || all[i].beyond_schema));
    refused += fits[i] ? 0 : 1;
  }
  CHECK(refused > 100);
}

TEST_CASE("the good files use every key that the schema has") {
  std::set<std::string> used;
  for (const auto& path : files_in(testdata / "good", ".yml")) {
    Diagnostics said("f");
    const auto node = read_yaml(read_file(path), said);
    REQUIRE(node);
    collect_keys(to_json(*node), used);
  }
  std::set<std::string> known;
  collect_properties(Json::parse(read_file("pipelines/schema.json")), known);
  CHECK(known.size() > 40);
  for (const std::string& key : known) {
    CAPTURE(key);
    CHECK(used.contains(key));
  }
}
