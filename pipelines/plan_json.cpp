#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "pipelines/plan.hpp"

namespace slipway::pipelines {
namespace {

// One pair of functions per type, side by side, so that neither forgets a member. Reading throws nlohmann's exceptions
// on a missing key or a wrong type; plan_from_json turns them into an Error.

Json put(const PlannedJob& job);
void get(const Json& json, PlannedJob& job);

Json put(const SecretUse& use) {
  return {{"variable", use.variable}, {"secret", use.secret}};
}
void get(const Json& json, SecretUse& use) {
  json.at("variable").get_to(use.variable);
  json.at("secret").get_to(use.secret);
}

Json put(const PlannedDeploy::Image& image) {
  return {{"service", image.service}, {"image", image.image}, {"pushed_by", image.pushed_by}};
}
void get(const Json& json, PlannedDeploy::Image& image) {
  json.at("service").get_to(image.service);
  json.at("image").get_to(image.image);
  json.at("pushed_by").get_to(image.pushed_by);
}

Json put(const PlannedImageUse& use) {
  return use.built.empty() ? Json{{"reference", use.reference}} : Json{{"built", use.built}};
}
void get(const Json& json, PlannedImageUse& use) {
  if (json.contains("built")) use.built = json.at("built");
  if (!json.contains("built")) use.reference = json.at("reference");
}

Json put(const Limits& limits) {
  return {{"milli_cpus", limits.milli_cpus}, {"memory_bytes", limits.memory_bytes}, {"pids", limits.pids}};
}
void get(const Json& json, Limits& limits) {
  json.at("milli_cpus").get_to(limits.milli_cpus);
  json.at("memory_bytes").get_to(limits.memory_bytes);
  json.at("pids").get_to(limits.pids);
}

Json put(const Readiness& ready) {
  Json json{{"healthcheck", ready.healthcheck},
            {"port", ready.port},
            {"log", ready.log},
            {"timeout_ms", ready.timeout.count()}};
  if (ready.http)
    json["http"] = {{"path", ready.http->path}, {"port", ready.http->port}, {"status", ready.http->status}};
  return json;
}
void get(const Json& json, Readiness& ready) {
  json.at("healthcheck").get_to(ready.healthcheck);
  json.at("port").get_to(ready.port);
  json.at("log").get_to(ready.log);
  ready.timeout = std::chrono::milliseconds(json.at("timeout_ms").get<std::int64_t>());
  if (!json.contains("http")) return;
  const Json& http = json.at("http");
  ready.http = Readiness::Http{http.at("path"), http.at("port"), http.at("status")};
}

Json put(const Retry& retry) {
  return {{"max", retry.max}, {"on_failure", retry.on_failure}, {"on_interrupted", retry.on_interrupted}};
}
void get(const Json& json, Retry& retry) {
  json.at("max").get_to(retry.max);
  json.at("on_failure").get_to(retry.on_failure);
  json.at("on_interrupted").get_to(retry.on_interrupted);
}

Json put(const PlannedImage& image) {
  Json json{{"name", image.name},
            {"context", image.context},
            {"dockerfile", image.dockerfile},
            {"target", image.target},
            {"args", image.args}};
  if (!image.labels.empty()) json["labels"] = image.labels;
  return json;
}
void get(const Json& json, PlannedImage& image) {
  json.at("name").get_to(image.name);
  json.at("context").get_to(image.context);
  json.at("dockerfile").get_to(image.dockerfile);
  json.at("target").get_to(image.target);
  json.at("args").get_to(image.args);
  if (json.contains("labels")) json.at("labels").get_to(image.labels);
}

template <class T>
Json put_all(const std::vector<T>& all);
template <class T>
void get_all(const Json& json, std::vector<T>& all);

Json put(const PlannedService& service) {
  return {{"name", service.name},         {"image", put(service.image)},         {"command", service.command},
          {"env", service.env},           {"secrets", put_all(service.secrets)}, {"ready", put(service.ready)},
          {"limits", put(service.limits)}};
}
void get(const Json& json, PlannedService& service) {
  json.at("name").get_to(service.name);
  get(json.at("image"), service.image);
  json.at("command").get_to(service.command);
  json.at("env").get_to(service.env);
  get_all(json.at("secrets"), service.secrets);
  get(json.at("ready"), service.ready);
  get(json.at("limits"), service.limits);
}

Json put(const PlannedStep& step) {
  return {{"name", step.name}, {"image", put(step.image)},         {"commands", step.commands},
          {"env", step.env},   {"secrets", put_all(step.secrets)}, {"workdir", step.workdir}};
}
void get(const Json& json, PlannedStep& step) {
  json.at("name").get_to(step.name);
  get(json.at("image"), step.image);
  json.at("commands").get_to(step.commands);
  json.at("env").get_to(step.env);
  get_all(json.at("secrets"), step.secrets);
  json.at("workdir").get_to(step.workdir);
}

Json put(const PlannedPush& push) {
  return {{"image", push.image}, {"to", push.to}, {"tags", push.tags}};
}
void get(const Json& json, PlannedPush& push) {
  json.at("image").get_to(push.image);
  json.at("to").get_to(push.to);
  json.at("tags").get_to(push.tags);
}

Json put(const PlannedDeploy& deploy) {
  Json json{{"file", deploy.file}, {"images", put_all(deploy.images)}, {"group", deploy.group}};
  if (!deploy.application.empty()) json["application"] = deploy.application;
  return json;
}
void get(const Json& json, PlannedDeploy& deploy) {
  json.at("file").get_to(deploy.file);
  json.at("group").get_to(deploy.group);
  deploy.application = json.value("application", std::string());
  get_all(json.at("images"), deploy.images);
}

Json put(const PlannedCondition& condition) {
  return {{"after_success", condition.after_success},
          {"after_failure", condition.after_failure},
          {"after_skip", condition.after_skip},
          {"text", condition.text},
          {"reason", condition.reason}};
}
void get(const Json& json, PlannedCondition& condition) {
  json.at("after_success").get_to(condition.after_success);
  json.at("after_failure").get_to(condition.after_failure);
  json.at("after_skip").get_to(condition.after_skip);
  json.at("text").get_to(condition.text);
  json.at("reason").get_to(condition.reason);
}

constexpr std::array<std::string_view, 3> kinds{"run", "push", "deploy"};

Json put(const PlannedJob& job) {
  Json json{{"id", job.id},
            {"display", job.display},
            {"name", job.name},
            {"kind", kinds.at(static_cast<std::size_t>(job.kind))},
            {"matrix", job.matrix},
            {"needs", job.needs},
            {"images", job.images},
            {"condition", put(job.condition)},
            {"timeout_ms", job.timeout.count()},
            {"retry", put(job.retry)},
            {"steps", put_all(job.steps)},
            {"services", put_all(job.services)},
            {"offline", job.network == Network::offline},
            {"limits", put(job.limits)},
            {"secrets_withheld", job.secrets_withheld}};
  if (job.push) json["push"] = put(*job.push);
  if (job.deploy) json["deploy"] = put(*job.deploy);
  return json;
}
void get(const Json& json, PlannedJob& job) {
  json.at("id").get_to(job.id);
  json.at("display").get_to(job.display);
  json.at("name").get_to(job.name);
  const auto kind = std::find(kinds.begin(), kinds.end(), json.at("kind").get<std::string>());
  if (kind == kinds.end()) throw Json::other_error::create(501, "unknown kind of job", &json);
  job.kind = static_cast<PlannedJob::Kind>(kind - kinds.begin());
  json.at("matrix").get_to(job.matrix);
  json.at("needs").get_to(job.needs);
  json.at("images").get_to(job.images);
  get(json.at("condition"), job.condition);
  job.timeout = std::chrono::milliseconds(json.at("timeout_ms").get<std::int64_t>());
  get(json.at("retry"), job.retry);
  get_all(json.at("steps"), job.steps);
  get_all(json.at("services"), job.services);
  job.network = json.at("offline").get<bool>() ? Network::offline : Network::online;
  get(json.at("limits"), job.limits);
  json.at("secrets_withheld").get_to(job.secrets_withheld);
  if (json.contains("push")) get(json.at("push"), job.push.emplace());
  if (json.contains("deploy")) get(json.at("deploy"), job.deploy.emplace());
}

template <class T>
Json put_all(const std::vector<T>& all) {
  Json json = Json::array();
  for (const T& one : all) json.push_back(put(one));
  return json;
}
template <class T>
void get_all(const Json& json, std::vector<T>& all) {
  if (!json.is_array()) throw Json::type_error::create(302, "a list is expected", &json);
  for (const Json& one : json) get(one, all.emplace_back());
}

}  // namespace

Json to_json(const Plan& plan) {
  return {{"images", put_all(plan.images)}, {"jobs", put_all(plan.jobs)}};
}

Result<Plan> plan_from_json(const Json& json) {
  try {
    Plan plan;
    get_all(json.at("images"), plan.images);
    get_all(json.at("jobs"), plan.jobs);
    return plan;
  } catch (const Json::exception& thrown) {
    return fail(Error::Kind::protocol, std::string("not a plan: ") + thrown.what());
  }
}

}  // namespace slipway::pipelines
