#include "docker-client/images_json.hpp"

#include <nlohmann/json.hpp>

namespace slipway::docker {
namespace {

std::vector<std::string> texts_in(const Json& list) {
  std::vector<std::string> texts;
  if (!list.is_array()) return texts;
  for (const Json& entry : list) {
    if (entry.is_string()) texts.push_back(entry.get<std::string>());
  }
  return texts;
}

std::vector<std::string> keys_in(const Json& object) {
  std::vector<std::string> keys;
  if (!object.is_object()) return keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

Labels labels_in(const Json& object) {
  Labels labels;
  if (!object.is_object()) return labels;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) labels.emplace(key, value.get<std::string>());
  }
  return labels;
}

/// The names of an image without any ("<none>:<none>", which engines before 1.43 give) are no names.
std::vector<std::string> names_in(const Json& list) {
  std::vector<std::string> names = texts_in(list);
  std::erase_if(names, [](const std::string& name) { return name.starts_with("<none>"); });
  return names;
}

bool has_healthcheck(const Json& config) {
  const auto test = texts_in(value_at(value_at(config, "Healthcheck"), "Test"));
  return !test.empty() && test.front() != "NONE";
}

}  // namespace

Image image_from(const Json& inspected) {
  const Json& config = value_at(inspected, "Config");
  Image image;
  image.id = text_at(inspected, "Id");
  image.repo_tags = names_in(value_at(inspected, "RepoTags"));
  image.repo_digests = names_in(value_at(inspected, "RepoDigests"));
  image.environment = texts_in(value_at(config, "Env"));
  image.command = texts_in(value_at(config, "Cmd"));
  image.entrypoint = texts_in(value_at(config, "Entrypoint"));
  image.user = text_at(config, "User");
  image.working_directory = text_at(config, "WorkingDir");
  image.exposed_ports = keys_in(value_at(config, "ExposedPorts"));
  image.volumes = keys_in(value_at(config, "Volumes"));
  image.labels = labels_in(value_at(config, "Labels"));
  image.healthcheck = has_healthcheck(config);
  image.os = text_at(inspected, "Os");
  image.architecture = text_at(inspected, "Architecture");
  image.variant = text_at(inspected, "Variant");
  image.size = number_at(inspected, "Size");
  Result<Time> created = parse_time(text_at(inspected, "Created"));
  if (created) image.created = *created;
  return image;
}

std::string Image::digest_in(std::string_view repository) const {
  for (const std::string& digest : repo_digests) {
    const std::size_t at = digest.find('@');
    if (at == repository.size() && digest.starts_with(repository)) return digest.substr(at + 1);
  }
  return {};
}

ImageSummary image_summary_from(const Json& listed) {
  ImageSummary image;
  image.id = text_at(listed, "Id");
  image.repo_tags = names_in(value_at(listed, "RepoTags"));
  image.repo_digests = names_in(value_at(listed, "RepoDigests"));
  image.labels = labels_in(value_at(listed, "Labels"));
  image.size = number_at(listed, "Size");
  image.created = Time(std::chrono::seconds(number_at(listed, "Created")));
  return image;
}

RemovedImage removed_from(const Json& entries) {
  RemovedImage removed;
  if (!entries.is_array()) return removed;
  for (const Json& entry : entries) {
    if (std::string name = text_at(entry, "Untagged"); !name.empty()) removed.untagged.push_back(std::move(name));
    if (std::string id = text_at(entry, "Deleted"); !id.empty()) removed.deleted.push_back(std::move(id));
  }
  return removed;
}

}  // namespace slipway::docker
