#include "docker-client/archives.hpp"

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/http_client.hpp"
#include "docker-client/call.hpp"
#include "docker-client/json_fields.hpp"

namespace slipway::docker {
namespace {

Request archive_request(std::string method, const std::string& container, const std::string& path) {
  Request request(std::move(method), "/containers/" + percent_encode(container) + "/archive");
  request.with("path", path);
  return request;
}

constexpr std::string_view stat_header = "x-docker-container-path-stat";

}  // namespace

Result<PathStat> parse_path_stat(std::string_view header) {
  const Result<std::string> text = from_base64(header);
  if (!text) return fail(Error::Kind::protocol, "the engine's path stat is no base64");
  const Result<Json> json = parse_json(*text);
  if (!json || !json->is_object()) return fail(Error::Kind::protocol, "the engine's path stat is no JSON");
  PathStat stat;
  stat.name = text_at(*json, "name");
  stat.size = number_at(*json, "size");
  stat.mode = static_cast<std::uint32_t>(number_at(*json, "mode"));
  stat.modified_at = time_at(*json, "mtime");
  stat.link_target = text_at(*json, "linkTarget");
  return stat;
}

awaitable<Result<void>> Archives::put(std::string container, std::string path, std::unique_ptr<ByteSource> tar,
                                      PutArchive how) {
  const std::string doing = "copy files into container " + container + " at " + path;
  Request request = archive_request("PUT", container, path);
  if (how.no_overwrite_dir_non_dir) request.with("noOverwriteDirNonDir", "1");
  if (how.copy_uid_gid) request.with("copyUIDGID", "1");
  request.content_type = "application/x-tar";
  request.source = std::move(tar);
  request.patience = std::chrono::minutes(5);
  Result<void> done = co_await call(transport_, std::move(request), doing);
  // The Engine has 500 for a file where a folder should be; only its words tell that from a failure of its own.
  if (!done && done.error().kind == Error::Kind::internal &&
      done.error().message.find("not a directory") != std::string::npos)
    co_return fail(Error::Kind::invalid, done.error().message);
  co_return done;
}

awaitable<Result<ArchiveStream>> Archives::get(std::string container, std::string path) {
  const std::string doing = "copy files out of container " + container + " at " + path;
  Result<ResponseStream> stream = co_await transport_.stream(archive_request("GET", container, path));
  if (!stream) co_return fail(std::move(stream.error()).in(doing));
  Result<PathStat> stat = parse_path_stat(stream->header(stat_header));
  if (!stat) co_return fail(std::move(stat.error()).in(doing));
  co_return ArchiveStream{std::move(*stat), std::move(*stream)};
}

awaitable<Result<PathStat>> Archives::stat(std::string container, std::string path) {
  const std::string doing = "stat " + path + " in container " + container;
  Result<Response> answer = co_await transport_.request(archive_request("HEAD", container, path));
  if (!answer) co_return fail(std::move(answer.error()).in(doing));
  Result<PathStat> stat = parse_path_stat(answer->header(stat_header));
  if (!stat) co_return fail(std::move(stat.error()).in(doing));
  co_return stat;
}

}  // namespace slipway::docker
