#include "docker-client/images_json.hpp"

#include <nlohmann/json.hpp>

#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

std::vector<std::string> keys_in(const Json& object) {
  std::vector<std::string> keys;
  if (!object.is_object()) return keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

/// The names of an image without any ("<none>:<none>", which engines before 1.43 give) are no names.
std::vector<std::string> names_at(const Json& object, std::string_view key) {
  std::vector<std::string> names = strings_at(object, key);
  std::erase_if(names, [](const std::string& name) { return name.starts_with("<none>"); });
  return names;
}

bool has_healthcheck(const Json& config) {
  const auto test = strings_at(value_at(config, "Healthcheck"), "Test");
  return !test.empty() && test.front() != "NONE";
}

}  // namespace

Image image_from(const Json& inspected) {
  const Json& config = value_at(inspected, "Config");
  Image image;
  image.id = text_at(inspected, "Id");
  image.repo_tags = names_at(inspected, "RepoTags");
  image.repo_digests = names_at(inspected, "RepoDigests");
  image.environment = strings_at(config, "Env");
  image.command = strings_at(config, "Cmd");
  image.entrypoint = strings_at(config, "Entrypoint");
  image.user = text_at(config, "User");
  image.working_directory = text_at(config, "WorkingDir");
  image.exposed_ports = keys_in(value_at(config, "ExposedPorts"));
  image.volumes = keys_in(value_at(config, "Volumes"));
  image.labels = string_map_at(config, "Labels");
  image.healthcheck = has_healthcheck(config);
  image.os = text_at(inspected, "Os");
  image.architecture = text_at(inspected, "Architecture");
  image.variant = text_at(inspected, "Variant");
  image.size = number_at(inspected, "Size");
  image.created = time_at(inspected, "Created");
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
  image.repo_tags = names_at(listed, "RepoTags");
  image.repo_digests = names_at(listed, "RepoDigests");
  image.labels = string_map_at(listed, "Labels");
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
