#include "images/registry_client.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "images/registry_error.hpp"
#include "images/registry_tokens.hpp"
#include "images/registry_url.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxManifest = 4 << 20;  // the OCI distribution spec's own limit
constexpr int kTagsPerPage = 1000;

constexpr const char* kManifestTypes =
    "application/vnd.oci.image.index.v1+json, application/vnd.docker.distribution.manifest.list.v2+json, "
    "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

std::string manifest_path(const Reference& reference) {
  return "/v2/" + reference.path + "/manifests/" + reference.target();
}

/// Checks a manifest's bytes against what was asked for and what the registry says it is.
Result<std::string> verified_digest(const Reference& reference, const HttpResponse& response) {
  std::string actual = "sha256:" + sha256_hex(response.body);
  for (const std::string& claimed : {reference.digest, response.header("docker-content-digest")}) {
    if (claimed.empty() || claimed == actual) continue;
    if (claimed.starts_with("sha512:")) return fail(Error::Kind::invalid, "only sha256 digests can be verified");
    return fail(Error::Kind::protocol, "the manifest's bytes are " + actual + ", not " + claimed.substr(0, 100));
  }
  return actual;
}

Result<Manifest> read_manifest(const Reference& reference, HttpResponse response) {
  Result<std::string> digest = verified_digest(reference, response);
  if (!digest) return fail(digest.error());
  const Result<Json> json = parse_json(response.body);
  if (!json || !json->is_object()) return fail(Error::Kind::protocol, "the manifest is no JSON object");
  Manifest manifest;
  manifest.descriptor.digest = std::move(*digest);
  manifest.descriptor.media_type = text_at(*json, "mediaType", response.header("content-type"));
  manifest.descriptor.size = static_cast<std::int64_t>(response.body.size());
  manifest.config_digest = text_at(value_at(*json, "config"), "digest");
  const bool index = value_at(*json, "manifests").is_array();
  if (index != manifest.config_digest.empty() || (!index && !is_digest(manifest.config_digest))) {
    return fail(Error::Kind::protocol, "neither a manifest nor an index: " + manifest.descriptor.media_type);
  }
  manifest.body = std::move(response.body);
  return manifest;
}

/// The path and query of the next page, from `<…>; rel="next"`. A link that leads elsewhere is Kind::protocol.
Result<std::string> next_page(const HttpResponse& response, const std::string& first, const std::string& origin) {
  const std::string link = response.header("link");
  if (link.empty()) return std::string();
  const auto end = link.find('>');
  if (link.front() != '<' || end == std::string::npos || link.find("next", end) == std::string::npos) {
    return std::string();
  }
  std::string target = link.substr(1, end - 1);
  if (target.starts_with(origin + "/")) target.erase(0, origin.size());
  if (target.size() < 4096 && target.starts_with(first + "?")) return target;
  return fail(Error::Kind::protocol, "the registry's next page of tags is at '" + target.substr(0, 200) + "'");
}

}  // namespace

RegistryClient::RegistryClient(Pool& pool, const Clock& clock, RegistrySettings settings)
    : pool_(pool), settings_(std::move(settings)), tokens_(std::make_unique<RegistryTokens>(pool, clock, settings_)) {}

RegistryClient::~RegistryClient() = default;

HttpRequest RegistryClient::request_for(const std::string& method, const Reference& reference,
                                        const std::string& path_and_query) const {
  HttpRequest request(method, registry_origin(reference.registry, settings_) + path_and_query);
  request.headers.emplace_back("Accept", kManifestTypes);
  request.timeout = settings_.timeout;
  request.body_limit = kMaxManifest;
  const auto ca = settings_.ca_files.find(reference.registry);
  if (ca != settings_.ca_files.end()) request.ca_file = ca->second;
  return request;
}

awaitable<Result<HttpResponse>> RegistryClient::send(std::string method, Reference reference,
                                                     std::string path_and_query, docker::RegistryAuth auth) {
  const std::shared_ptr<AsyncLock> lane = settings_.lanes->of(reference.registry);
  const AsyncLock::Held held = co_await lane->acquire();
  HttpRequest request = request_for(method, reference, path_and_query);
  tokens_->add_known(request, reference, auth);
  HttpRequest first = request;
  Result<HttpResponse> response = co_await send_http(pool_, std::move(first));
  if (response && response->status == 401) {
    // Who is asked for credentials on somebody else's word could be made to hand them to anybody.
    if (const std::string other = origin_of(response->url); other != origin_of(request.url)) {
      co_return fail(Error::Kind::unauthorized, reference.text() + ": the registry sent us on to " + other +
                                                    ", which wants credentials of its own");
    }
    Result<HttpRequest> second = co_await tokens_->answer(response->headers, std::move(request), reference, auth);
    if (!second) co_return fail(second.error().in(reference.text()));
    response = co_await send_http(pool_, std::move(*second));
  }
  if (!response) co_return fail(response.error());
  if (!response->ok()) co_return fail(registry_error(*response).in(reference.text()));
  co_return response;
}

awaitable<Result<Descriptor>> RegistryClient::resolve(Reference reference, docker::RegistryAuth auth) {
  const Result<HttpResponse> response = co_await send("HEAD", reference, manifest_path(reference), auth);
  if (!response) co_return fail(response.error());
  Descriptor found;
  found.digest = response->header("docker-content-digest");
  found.media_type = response->header("content-type");
  if (const std::string length = response->header("content-length"); length.size() < 16) {
    found.size = std::strtoll(length.c_str(), nullptr, 10);
  }
  const bool other = !reference.digest.empty() && found.digest != reference.digest;
  if (is_digest(found.digest) && !other) co_return found;
  const Result<Manifest> fetched = co_await manifest(reference, auth);
  if (!fetched) co_return fail(fetched.error());
  co_return fetched->descriptor;
}

awaitable<Result<Manifest>> RegistryClient::manifest(Reference reference, docker::RegistryAuth auth) {
  Result<HttpResponse> response = co_await send("GET", reference, manifest_path(reference), auth);
  if (!response) co_return fail(response.error());
  Result<Manifest> manifest = read_manifest(reference, std::move(*response));
  if (!manifest) co_return fail(manifest.error().in(reference.text()));
  co_return manifest;
}

awaitable<Result<void>> RegistryClient::check_push(Reference repository, docker::RegistryAuth auth) {
  const std::string uploads = "/v2/" + repository.path + "/blobs/uploads/";
  const Result<HttpResponse> begun = co_await send("POST", repository, uploads, auth);
  if (!begun) co_return fail(begun.error());
  // One that is not given up expires; so what becomes of that does not matter.
  const std::string origin = registry_origin(repository.registry, settings_);
  std::string upload = begun->header("location");
  if (upload.starts_with(origin + "/")) upload.erase(0, origin.size());
  if (!upload.starts_with(uploads)) co_return Result<void>();
  auto giving_up = send("DELETE", repository, std::move(upload), auth);
  const Result<HttpResponse> given_up = co_await std::move(giving_up);
  co_return Result<void>();
}

awaitable<Result<std::vector<std::string>>> RegistryClient::tags(Reference repository, docker::RegistryAuth auth,
                                                                 std::size_t limit) {
  const std::string first = "/v2/" + repository.path + "/tags/list";
  const std::string origin = registry_origin(repository.registry, settings_);
  std::string page = first + "?n=" + std::to_string(kTagsPerPage);
  std::vector<std::string> tags;
  while (!page.empty()) {
    const Result<HttpResponse> response = co_await send("GET", repository, page, auth);
    if (!response) co_return fail(response.error());
    const Result<Json> json = parse_json(response->body);
    if (!json) co_return fail(Error::Kind::protocol, repository.repository() + ": the list of tags is no JSON");
    const std::size_t before = tags.size();
    for (const Json& tag : value_at(*json, "tags")) {
      if (tag.is_string() && is_tag(tag.get_ref<const std::string&>())) tags.push_back(tag.get<std::string>());
    }
    if (tags.size() > limit) {
      co_return fail(Error::Kind::too_large, repository.repository() + " has over " + std::to_string(limit) + " tags");
    }
    Result<std::string> next = next_page(*response, first, origin);
    if (!next) co_return fail(next.error());
    if (tags.size() == before && !next->empty()) {
      co_return fail(Error::Kind::protocol, repository.repository() + ": an empty page of tags with one after it");
    }
    page = std::move(*next);
  }
  std::sort(tags.begin(), tags.end());
  co_return tags;
}

}  // namespace slipway::images
