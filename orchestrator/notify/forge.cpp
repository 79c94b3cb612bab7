#include "orchestrator/notify/forge.hpp"

#include <algorithm>
#include <filesystem>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/text.hpp"

namespace slipway::notify {
namespace {

using store::Forge;
using store::RunState;
using store::Verdict;

struct Location {
  std::string scheme;
  std::string host;  ///< with the port, for http and https
  std::string path;
};

/// "https://user@host:port/path", "ssh://git@host:22/path" or "git@host:path".
Location split_url(const std::string& url) {
  Location location;
  std::string_view rest = url;
  const auto scheme_end = rest.find("://");
  char separator = ':';
  if (scheme_end != std::string_view::npos) {
    location.scheme = rest.substr(0, scheme_end);
    rest.remove_prefix(scheme_end + 3);
    separator = '/';
  }
  const auto host_end = rest.find(separator);
  if (host_end == std::string_view::npos) return {};
  std::string_view host = rest.substr(0, host_end);
  host.remove_prefix(host.rfind('@') == std::string_view::npos ? 0 : host.rfind('@') + 1);
  const bool web = location.scheme == "https" || location.scheme == "http";
  if (!web) host = host.substr(0, host.find(':'));
  if (host.empty() || host.find('/') != std::string_view::npos) return {};
  location.host = host;
  location.path = rest.substr(host_end + 1);
  return location;
}

std::string repository_of(std::string path) {
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  if (path.ends_with(".git")) path.resize(path.size() - 4);
  return path;
}

std::string usual_api(Forge forge, const Location& location) {
  const std::string base = (location.scheme == "http" ? "http://" : "https://") + location.host;
  switch (forge) {
    case Forge::github:
      return location.host == "github.com" ? "https://api.github.com" : base + "/api/v3";
    case Forge::gitlab:
      return base + "/api/v4";
    case Forge::gitea:
    case Forge::forgejo:
      return base + "/api/v1";
    case Forge::bitbucket:
      return "https://api.bitbucket.org/2.0";
    case Forge::none:
      break;
  }
  return {};
}

/// Each segment of "owner/name" percent-encoded.
std::string encoded_path(const std::string& repository) {
  std::string out;
  std::string_view rest = repository;
  while (!rest.empty()) {
    const std::string_view part = rest.substr(0, rest.find('/'));
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
    out += (out.empty() ? "" : "/") + percent_encode(part);
  }
  return out;
}

std::string status_url(const ForgeProject& project, const std::string& commit) {
  const std::string path = encoded_path(project.repository);
  switch (project.forge) {
    case Forge::gitlab:
      return project.api + "/projects/" + percent_encode(project.repository) + "/statuses/" + commit;
    case Forge::bitbucket:
      return project.api + "/repositories/" + path + "/commit/" + commit + "/statuses/build";
    default:
      return project.api + "/repos/" + path + "/statuses/" + commit;
  }
}

/// At most `limit` bytes, cut between characters.
std::string clipped(std::string text, std::size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  text.resize(limit);
  return text;
}

Json status_body(const ForgeProject& project, const CommitStatus& status) {
  const auto state = state_word(project.forge, status.state, status.verdict);
  Json body = {{"state", state}, {"description", clipped(status.description, 140)}};
  if (project.forge == Forge::bitbucket) {
    // A key has at most 40 characters, and a link is required.
    body["key"] = status.context.size() <= 40 ? status.context : sha256_hex(status.context).substr(0, 40);
    body["name"] = status.context;
    body["url"] = status.target_url.empty() ? "https://slipway.invalid/" : status.target_url;
    return body;
  }
  body[project.forge == Forge::gitlab ? "name" : "context"] = status.context;
  if (!status.target_url.empty()) body["target_url"] = status.target_url;
  return body;
}

std::string description_of(const store::Run& run) {
  switch (run.state) {
    case RunState::queued:
      return "Run " + to_string(run.id) + " is queued";
    case RunState::waiting_approval:
      return "Run " + to_string(run.id) + " waits for an approval";
    case RunState::preparing:
    case RunState::running:
      return "Run " + to_string(run.id) + " is under way";
    case RunState::finished:
      break;
  }
  std::string text = "Run " + to_string(run.id) + ": " + std::string(store::name_of(run.verdict));
  if (!run.reason.empty()) text += ", " + run.reason;
  return text;
}

std::string_view finished_word(Forge forge, Verdict verdict) {
  const bool gitlab = forge == Forge::gitlab;
  const bool bitbucket = forge == Forge::bitbucket;
  switch (verdict) {
    case Verdict::passed:
      return bitbucket ? "SUCCESSFUL" : "success";
    case Verdict::skipped:
      return bitbucket ? "SUCCESSFUL" : gitlab ? "skipped" : "success";
    case Verdict::cancelled:
    case Verdict::superseded:
      return bitbucket ? "STOPPED" : gitlab ? "canceled" : "error";
    case Verdict::failed:
      return bitbucket ? "FAILED" : gitlab ? "failed" : "failure";
    case Verdict::error:
    case Verdict::interrupted:
    case Verdict::none:
      return bitbucket ? "FAILED" : gitlab ? "failed" : "error";
  }
  return "error";
}

}  // namespace

Result<ForgeProject> forge_project(const store::Project& project, Secret token) {
  if (project.forge == Forge::none) return fail(Error::Kind::invalid, "project " + project.name + " has no forge");
  const Location location = split_url(project.clone_url);
  ForgeProject at;
  at.forge = project.forge;
  at.repository = repository_of(location.path);
  at.api = project.settings.forge_url;
  if (at.api.empty() && !location.host.empty()) at.api = usual_api(project.forge, location);
  while (at.api.ends_with('/')) at.api.pop_back();
  if (at.api.empty() || at.repository.find('/') == std::string::npos) {
    return fail(Error::Kind::invalid,
                "the clone URL of project " + project.name + " does not say which repository it is",
                "the clone URL has to hold host, owner and name: https://git.example/owner/name.git");
  }
  at.token = std::move(token);
  return at;
}

std::string forge_host(const store::Project& project) {
  const Result<ForgeProject> at = forge_project(project, Secret());
  const auto scheme = at ? at->api.find("://") : std::string::npos;
  if (scheme == std::string::npos) return {};
  const auto begin = scheme + 3;
  return lower_case(std::string_view(at->api).substr(begin, at->api.find('/', begin) - begin));
}

std::string context_of(store::Trigger event, const std::string& pipeline_file) {
  const std::string stem = std::filesystem::path(pipeline_file).stem().string();
  return "ci/slipway/" + std::string(store::name_of(event)) + "/" + stem;
}

CommitStatus status_of(const store::Run& run, const store::Project& project, const std::string& public_url) {
  CommitStatus status;
  status.commit = run.commit;
  status.context = context_of(run.event, project.settings.pipeline_file);
  status.state = run.state;
  status.verdict = run.verdict;
  status.description = description_of(run);
  if (!public_url.empty()) status.target_url = public_url + "/runs/" + to_string(run.id);
  return status;
}

std::string_view state_word(Forge forge, RunState state, Verdict verdict) {
  if (state == RunState::finished) return finished_word(forge, verdict);
  if (forge == Forge::bitbucket) return "INPROGRESS";
  const bool working = state == RunState::preparing || state == RunState::running;
  return forge == Forge::gitlab && working ? "running" : "pending";
}

HttpRequest status_request(const ForgeProject& project, const CommitStatus& status) {
  HttpRequest request("POST", status_url(project, status.commit));
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = dump_json(status_body(project, status));
  const std::string& token = project.token.reveal();
  const auto colon = token.find(':');
  if (project.forge == Forge::bitbucket && colon != std::string::npos) {
    request.username = token.substr(0, colon);
    request.password = Secret(token.substr(colon + 1));
  } else {
    request.bearer = project.token;
  }
  request.timeout = std::chrono::seconds(20);
  request.body_limit = 64 << 10;
  return request;
}

}  // namespace slipway::notify
