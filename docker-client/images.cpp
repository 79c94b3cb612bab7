#include "docker-client/images.hpp"

#include <nlohmann/json.hpp>

#include "base/json.hpp"
#include "docker-client/call.hpp"
#include "docker-client/images_answer.hpp"
#include "docker-client/images_errors.hpp"
#include "docker-client/images_json.hpp"

namespace slipway::docker {
namespace {

/// Nothing comes, not even headers, before a registry has answered or an archive was read.

/// Names go into the path unescaped, since proxies in front of an engine treat an escaped '/' as they like; so what
/// could leave its place there is refused. Brackets are those of a registry's IPv6 address, which is at the beginning.
bool is_image_name(std::string_view name) {
  if (name.starts_with('[')) {
    const std::string_view address = name.substr(1, name.find(']') - 1);
    const bool hexadecimal = address.find_first_not_of("0123456789abcdefABCDEF:") == std::string_view::npos;
    if (address.size() + 2 >= name.size() || !hexadecimal) return false;
    name.remove_prefix(address.size() + 2);
    if (name.front() != ':' && name.front() != '/') return false;
    if (name.front() == '/') name.remove_prefix(1);
  }
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@";
  const bool odd_segment = name.starts_with('/') || name.ends_with('/') || name.find("//") != std::string_view::npos ||
                           name.find("..") != std::string_view::npos || name.find("/./") != std::string_view::npos;
  return !name.empty() && !odd_segment && !name.starts_with('.') &&
         name.find_first_not_of(allowed) == std::string_view::npos;
}

Result<Request> request_for(std::string verb, const std::string& name, std::string_view what = {}) {
  if (!is_image_name(name)) return fail(Error::Kind::invalid, "'" + name + "' is no image's name");
  return Request(std::move(verb), "/images/" + name + std::string(what));
}

/// Reads an answer of JSON values to its end. An answer that ends well may still lack what was asked for.
awaitable<Result<ImageAnswer>> read_answer(Transport& transport, Request request, ImageProgressSink progress) {
  request.patience = slow_start;
  Result<ResponseStream> stream = co_await transport.stream(std::move(request));
  if (!stream) co_return fail(registry_error(std::move(stream.error())));
  ImageAnswer answer(std::move(progress));
  while (true) {
    Result<std::string> chunk = co_await stream->next();
    if (!chunk) co_return fail(std::move(chunk.error()));
    Result<void> read = chunk->empty() ? answer.finish() : answer.feed(*chunk);
    if (!read) co_return fail(std::move(read.error()));
    if (chunk->empty()) co_return answer;
  }
}

std::string joined(const std::string& repository, const std::string& reference) {
  return repository + (reference.find(':') == std::string::npos ? ":" : "@") + reference;
}

}  // namespace

awaitable<Result<Image>> Images::inspect(std::string name) {
  Result<Request> request = request_for("GET", name, "/json");
  if (!request) co_return fail(std::move(request.error()).in("inspect image"));
  Result<Json> value = co_await call_json(transport_, std::move(*request), "inspect image " + name);
  if (!value) co_return fail(std::move(value.error()));
  co_return image_from(*value);
}

awaitable<Result<std::vector<ImageSummary>>> Images::list(Filters filters, bool all) {
  Request request("GET", "/images/json");
  if (!filters.empty()) request.with("filters", filters.json());
  if (all) request.with("all", "1");
  Result<Json> value = co_await call_json(transport_, std::move(request), "list images");
  if (!value) co_return fail(std::move(value.error()));
  std::vector<ImageSummary> images;
  if (!value->is_array()) co_return images;
  for (const Json& entry : *value) images.push_back(image_summary_from(entry));
  co_return images;
}

awaitable<Result<void>> Images::tag(std::string name, std::string repository, std::string tag) {
  Result<Request> request = request_for("POST", name, "/tag");
  if (!request) co_return fail(std::move(request.error()).in("tag image"));
  request->with("repo", repository).with("tag", tag);
  Result<Response> answer = co_await transport_.request(std::move(*request));
  if (!answer) {
    co_return fail(registry_error(std::move(answer.error())).in("tag " + name + " as " + repository + ":" + tag));
  }
  co_return Result<void>();
}

awaitable<Result<RemovedImage>> Images::remove(std::string name, bool force, bool prune_parents) {
  Result<Request> request = request_for("DELETE", name);
  if (!request) co_return fail(std::move(request.error()).in("remove image"));
  if (force) request->with("force", "1");
  if (!prune_parents) request->with("noprune", "1");
  request->patience = slow_start;
  Result<Json> value = co_await call_json(transport_, std::move(*request), "remove image " + name);
  if (!value && value.error().kind == Error::Kind::not_found) co_return RemovedImage();
  if (!value) co_return fail(std::move(value.error()));
  co_return removed_from(*value);
}

awaitable<Result<Pruned>> Images::prune(Filters filters, bool all) {
  if (!filters.by_label()) co_return fail(Error::Kind::invalid, "images are pruned by label only");
  filters.add("dangling", all ? "false" : "true");
  Request request("POST", "/images/prune");
  request.with("filters", filters.json());
  request.patience = slow_start;
  Result<Json> value = co_await call_json(transport_, std::move(request), "prune images");
  if (!value) co_return fail(std::move(value.error()));
  Pruned pruned;
  pruned.removed = removed_from(value_at(*value, "ImagesDeleted")).deleted;
  pruned.bytes_freed = number_at(*value, "SpaceReclaimed");
  co_return pruned;
}

awaitable<Result<Pulled>> Images::pull(PullSpec spec, ImageProgressSink progress) {
  const std::string name = joined(spec.repository, spec.reference);
  const std::string doing = "pull " + name;
  if (spec.reference.empty()) co_return fail(Error::Kind::invalid, doing + ": no tag");  // the engine would pull all
  Request request("POST", "/images/create");
  request.with("fromImage", spec.repository).with("tag", spec.reference);
  if (!spec.platform.empty()) request.with("platform", spec.platform);
  request.header("X-Registry-Auth", auth_header(spec.auth).reveal());
  Result<ImageAnswer> answer = co_await read_answer(transport_, std::move(request), std::move(progress));
  if (!answer) co_return fail(std::move(answer.error()).in(doing));
  if (!answer->pulled() || answer->digest().empty()) {
    co_return fail(Error::Kind::unavailable, doing + ": the engine stopped in the middle");
  }
  // By digest, since the tag may mean something else again by now.
  Pulled pulled;
  pulled.digest = answer->digest();
  Result<Image> image = co_await inspect(joined(spec.repository, pulled.digest));
  if (!image) co_return fail(std::move(image.error()).in(doing));
  pulled.id = image->id;
  co_return pulled;
}

awaitable<Result<Pushed>> Images::push(PushSpec spec, ImageProgressSink progress) {
  const std::string doing = "push " + joined(spec.repository, spec.tag);
  Result<Request> request = request_for("POST", spec.repository, "/push");
  if (!request) co_return fail(std::move(request.error()).in(doing));
  if (spec.tag.empty()) co_return fail(Error::Kind::invalid, doing + ": no tag");  // the engine would push all
  request->with("tag", spec.tag).header("X-Registry-Auth", auth_header(spec.auth).reveal());
  Result<ImageAnswer> answer = co_await read_answer(transport_, std::move(*request), std::move(progress));
  if (!answer) co_return fail(std::move(answer.error()).in(doing));
  if (answer->digest().empty()) {
    co_return fail(Error::Kind::unavailable, doing + ": the engine stopped without naming what it pushed");
  }
  Pushed pushed;
  pushed.digest = answer->digest();
  pushed.size = answer->manifest_size();
  pushed.layers_existing = answer->layers_existing();
  pushed.layers_sent = answer->layers_done();
  co_return pushed;
}

awaitable<Result<std::string>> Images::import(std::unique_ptr<ByteSource> tar, std::string repository, std::string tag,
                                              std::vector<std::string> changes) {
  Request request("POST", "/images/create");
  request.with("fromSrc", "-").with("repo", repository).with("tag", tag);
  for (std::string& change : changes) request.with("changes", std::move(change));
  request.content_type = "application/x-tar";
  request.source = std::move(tar);
  ImageProgressSink silent;
  Result<ImageAnswer> answer = co_await read_answer(transport_, std::move(request), std::move(silent));
  if (!answer) co_return fail(std::move(answer.error()).in("import " + joined(repository, tag)));
  if (!answer->last_message().starts_with("sha256:")) {
    co_return fail(Error::Kind::unavailable, "import " + joined(repository, tag) + ": the engine named no image");
  }
  co_return answer->last_message();
}

awaitable<Result<std::vector<std::string>>> Images::load(std::unique_ptr<ByteSource> tar, ImageProgressSink progress) {
  Request request("POST", "/images/load");
  request.content_type = "application/x-tar";
  request.source = std::move(tar);
  Result<ImageAnswer> answer = co_await read_answer(transport_, std::move(request), std::move(progress));
  if (!answer) co_return fail(std::move(answer.error()).in("load images"));
  if (answer->loaded().empty()) co_return fail(Error::Kind::failed, "load images: the archive held none");
  co_return answer->loaded();
}

awaitable<Result<ResponseStream>> Images::save(std::vector<std::string> names) {
  Request request("GET", "/images/get");
  for (std::string& name : names) request.with("names", std::move(name));
  Result<ResponseStream> stream = co_await transport_.stream(std::move(request));
  if (!stream) co_return fail(std::move(stream.error()).in("save images"));
  co_return stream;
}

}  // namespace slipway::docker
