// `images` and `services`.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::chrono::milliseconds longest_readiness = std::chrono::hours(1);

bool usable(const YamlNode& node, std::string_view what, std::size_t max, const Decoding& decoding) {
  if (!node.is_map()) {
    decoding.diagnostics.error(node.at, fmt::format("{} must be a map from names to what they are", what), node.text);
    return false;
  }
  if (node.entries.size() <= max) return true;
  decoding.diagnostics.error(node.at,
                             fmt::format("{} has {} entries; at most {} are allowed", what, node.entries.size(), max));
  return false;
}

NamedTexts read_args(const YamlNode& node, const Decoding& decoding, const Scope& scope) {
  NamedTexts args;
  const TextRule rule{bounds::value_bytes, true};
  for (const PlacedPair& pair : read_text_map(node, "`args`", bounds::variables, decoding.diagnostics, rule)) {
    const bool fits = decoding.check(check_identifier(pair.key.text), pair.key.at, "the build argument", pair.key.text);
    auto value = read_template(*node.find(pair.key.text), fmt::format("`{}`", pair.key.text), decoding, scope, {rule});
    if (fits && value) args.emplace_back(pair.key.text, std::move(*value));
  }
  return args;
}

void add_label(const Placed& name, const YamlNode& value, const Decoding& decoding, NamedTexts& labels) {
  if (!decoding.check(check_label(name.text), name.at, "the label", name.text)) return;
  const bool doubled =
      std::any_of(labels.begin(), labels.end(), [&](const auto& other) { return other.first == name.text; });
  if (doubled) {
    decoding.diagnostics.error(name.at, fmt::format("the label `{}` is there twice", name.text), name.text, "keep one");
    return;
  }
  TemplateRule rule;
  rule.text = {bounds::value_bytes, true};
  auto text = read_template(value, fmt::format("`{}`", name.text), decoding, decoding.scope, rule);
  if (text) labels.emplace_back(name.text, std::move(*text));
}

/// A map, or a list of `name=value`, as Compose files have them; a name alone has an empty value.
NamedTexts read_labels(const YamlNode& node, const Decoding& decoding) {
  NamedTexts labels;
  const TextRule rule{bounds::value_bytes, true};
  if (!node.is_list()) {
    for (const PlacedPair& pair : read_text_map(node, "`labels`", bounds::variables, decoding.diagnostics, rule)) {
      add_label(pair.key, *node.find(pair.key.text), decoding, labels);
    }
    return labels;
  }
  for (const Placed& item : read_texts(node, "`labels`", bounds::variables, decoding.diagnostics, rule)) {
    const auto equals = std::min(item.text.find('='), item.text.size());
    YamlNode value;
    value.kind = YamlNode::Kind::scalar;
    value.at = item.at;
    value.text = item.text.substr(std::min(equals + 1, item.text.size()));
    add_label({item.text.substr(0, equals), item.at}, value, decoding, labels);
  }
  return labels;
}

ImageRecipe read_image(const YamlEntry& entry, const Decoding& decoding) {
  ImageRecipe image;
  image.name = entry.key;
  MapReader map(entry.value, fmt::format("the image `{}`", entry.key), decoding.diagnostics);
  if (const YamlNode* value = map.find("context"))
    image.context = read_path(*value, "`context`", decoding).value_or(".");
  if (const YamlNode* value = map.find("dockerfile")) {
    image.dockerfile = read_path(*value, "`dockerfile`", decoding).value_or("");
  }
  if (const YamlNode* value = map.find("target")) {
    image.target = read_text(*value, "`target`", decoding.diagnostics, {128, false}).value_or("");
  }
  if (const YamlNode* value = map.find("args")) image.args = read_args(*value, decoding, decoding.scope);
  if (const YamlNode* value = map.find("labels")) image.labels = read_labels(*value, decoding);
  map.foreign("build", "write `context`, `dockerfile`, `target` and `args` here");
  map.foreign("file", "write `dockerfile`");
  map.foreign("tags", "tags are given when it is pushed: `push: {image: …, to: …, tags: […]}`");
  map.foreign("secrets", "a build gets no secrets: what is built in would be in the image");
  map.later("cache");
  map.later("platforms");
  map.finish();
  return image;
}

int read_port(const YamlNode& node, const Decoding& decoding) {
  return static_cast<int>(read_integer(node, "`port`", 1, 65535, decoding.diagnostics).value_or(0));
}

Readiness::Http read_http(const YamlNode& node, const Decoding& decoding) {
  Readiness::Http http;
  MapReader map(node, "`ready.http`", decoding.diagnostics);
  if (const YamlNode* value = map.require("port", "port: 8080")) http.port = read_port(*value, decoding);
  http.path = "/";
  if (const YamlNode* value = map.find("path")) {
    const auto path = read_text(*value, "`path`", decoding.diagnostics, {1024, false});
    const bool fits = path && path->starts_with('/') && path->find_first_of(" \t\r\n#") == std::string::npos;
    if (path && !fits) {
      decoding.diagnostics.error(value->at, "the path of a readiness check must start with `/` and have no blanks",
                                 *path, "write `path: /healthz`");
    }
    if (fits) http.path = *path;
  }
  if (const YamlNode* value = map.find("status")) {
    http.status = static_cast<int>(read_integer(*value, "`status`", 100, 599, decoding.diagnostics).value_or(0));
  }
  map.finish();
  return http;
}

Readiness read_readiness(const YamlNode& node, const Decoding& decoding) {
  Readiness ready;
  const std::size_t errors_before = decoding.diagnostics.errors();
  MapReader map(node, "`ready`", decoding.diagnostics);
  if (const YamlNode* value = map.find("healthcheck")) {
    ready.healthcheck = read_boolean(*value, "`healthcheck`", decoding.diagnostics).value_or(false);
  }
  if (const YamlNode* value = map.find("port")) ready.port = read_port(*value, decoding);
  if (const YamlNode* value = map.find("log")) {
    ready.log = read_text(*value, "`log`", decoding.diagnostics, {512, false}).value_or("");
    if (ready.log.find('\n') != std::string::npos) {
      decoding.diagnostics.error(value->at, "`log` is looked for in one line, so it can't have a line break", {});
    }
  }
  if (const YamlNode* value = map.find("http")) ready.http = read_http(*value, decoding);
  if (const YamlNode* value = map.find("timeout")) {
    using std::chrono::seconds;
    ready.timeout =
        read_duration(*value, "`timeout`", seconds(1), longest_readiness, decoding.diagnostics).value_or(ready.timeout);
  }
  map.finish();
  const bool anything = ready.healthcheck || ready.port != 0 || !ready.log.empty() || ready.http;
  if (!anything && decoding.diagnostics.errors() == errors_before) {
    decoding.diagnostics.error(node.at, "`ready` does not say what to wait for", {},
                               "give `healthcheck`, `port`, `log` or `http`");
  }
  return ready;
}

Service read_service(const YamlEntry& entry, const Decoding& decoding) {
  const Scope& scope = decoding.scope;
  Service service;
  service.name = entry.key;
  MapReader map(entry.value, fmt::format("the service `{}`", entry.key), decoding.diagnostics);
  if (const YamlNode* value = map.require("image", "image: postgres:16")) {
    service.image = read_image_choice(*value, "the image", decoding, scope).value_or(ImageChoice());
  }
  if (const YamlNode* value = map.find("command")) {
    service.command =
        read_templates(*value, "`command`", bounds::commands, decoding, scope, {{bounds::command_bytes, false}});
  }
  if (const YamlNode* value = map.find("env")) service.env = read_env(*value, "`env`", decoding, scope);
  if (const YamlNode* value = map.find("secrets")) service.secrets = read_secrets(*value, "`secrets`", decoding);
  if (const YamlNode* value = map.find("ready")) service.ready = read_readiness(*value, decoding);
  if (const YamlNode* value = map.find("limits")) service.limits = read_limits(*value, "`limits`", decoding);
  check_variables_apart(service.env, service.secrets, entry.value, decoding);
  map.foreign("environment", "write `env`");
  map.foreign("healthcheck", "write `ready: {healthcheck: true}`");
  map.foreign("ports", "steps reach a service by its name and any port; nothing is published");
  map.foreign("volumes", "nothing of the host is given to a pipeline's containers");
  map.foreign("privileged", "a pipeline's containers are never privileged");
  map.finish();
  return service;
}
}  // namespace

std::vector<ImageRecipe> decode_images(const YamlNode& node, Decoding& decoding) {
  std::vector<ImageRecipe> images;
  if (!usable(node, "`images`", bounds::images, decoding)) return images;
  for (const YamlEntry& entry : node.entries) {
    decoding.check(check_name(entry.key), entry.at, "the image", entry.key);
    images.push_back(read_image(entry, decoding));
    decoding.scope.images.insert(entry.key);
  }
  return images;
}

std::vector<Service> decode_services(const YamlNode& node, const Decoding& decoding) {
  std::vector<Service> services;
  if (!usable(node, "`services`", bounds::services, decoding)) return services;
  for (const YamlEntry& entry : node.entries) {
    decoding.check(check_name(entry.key), entry.at, "the service", entry.key);
    services.push_back(read_service(entry, decoding));
  }
  return services;
}

}  // namespace slipway::pipelines
