#include "pipelines/decoding.hpp"
#include "pipelines/job_graph.hpp"

namespace slipway::pipelines {
namespace {

Pipeline decode(const YamlNode& root, Decoding& decoding) {
  Pipeline pipeline;
  MapReader map(root, "the file", decoding.diagnostics);
  if (const YamlNode* on = map.require("on", "on: push")) pipeline.on = decode_triggers(*on, decoding);
  // In this order: expressions speak of parameters and images.
  if (const YamlNode* node = map.find("parameters")) pipeline.parameters = decode_parameters(*node, decoding);
  if (const YamlNode* node = map.find("images")) pipeline.images = decode_images(*node, decoding);
  if (const YamlNode* node = map.find("services")) pipeline.services = decode_services(*node, decoding);
  if (const YamlNode* node = map.require("jobs", "jobs: {unit: {image: …, run: […]}}")) {
    pipeline.jobs = decode_jobs(*node, decoding);
  }
  for (const char* key : {"schedule", "cache", "artifacts", "reports", "notifications", "approval"}) map.later(key);
  map.foreign("steps", "steps belong to a job: `jobs: {build: {image: …, steps: […]}}`");
  map.foreign("pipeline", "write `jobs`");
  map.foreign("stages", "the order of jobs follows from `needs`");
  map.foreign("env", "an environment belongs to a job or a step");
  map.foreign("name", "a pipeline is named after its project; remove it");
  map.foreign("version", "the file has no version; remove it");
  map.finish();
  return pipeline;
}

}  // namespace

ParsedPipeline parse_pipeline(std::string_view text, std::string file) {
  ParsedPipeline parsed{std::nullopt, Diagnostics(std::move(file))};
  const std::optional<YamlNode> root = read_yaml(text, parsed.diagnostics);
  if (!root) return parsed;
  Decoding decoding{text, parsed.diagnostics, {}};
  if (root->is_null()) {
    parsed.diagnostics.error({}, "the file is empty", {}, "start with `on: push` and `jobs:`");
    return parsed;
  }
  Pipeline pipeline = decode(*root, decoding);
  if (root->is_map() && !pipeline.jobs.empty()) check_and_order(pipeline, *root, parsed.diagnostics);
  if (!parsed.diagnostics.has_errors()) parsed.pipeline = std::move(pipeline);
  return parsed;
}

}  // namespace slipway::pipelines
