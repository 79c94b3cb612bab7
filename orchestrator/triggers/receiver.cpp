#include "orchestrator/triggers/receiver.hpp"

#include <array>

#include <nlohmann/json.hpp>

#include "base/encoding.hpp"
#include "base/json.hpp"
#include "base/log.hpp"

namespace slipway::triggers {
namespace {

/// Above this, hashing and parsing would hold the io thread up for milliseconds.
constexpr std::size_t large = 128 << 10;
constexpr std::size_t stored_body_limit = 1 << 20;
constexpr int refusals_per_minute = 30;

/// Headers that say what a delivery is. None that proves anything is ever stored.
constexpr std::array kept_headers{
    "content-type",        "user-agent",      "x-github-event", "x-github-delivery", "x-gitlab-event",
    "x-gitlab-event-uuid", "idempotency-key", "x-gitea-event",  "x-gitea-delivery",  "x-forgejo-event",
    "x-forgejo-delivery",  "x-event-key",     "x-request-uuid",
};

std::string headers_of(const HookMessage& message) {
  Json kept = Json::object();
  for (const char* name : kept_headers) {
    const std::string_view value = message.header(name);
    if (!value.empty()) kept[name] = std::string(value.substr(0, 200));
  }
  return dump_json(kept);
}

/// What the sender keeps when it sends the same again because it had no answer. Not X-Gitlab-Event-UUID, which several
/// deliveries may share, nor X-Gitlab-Webhook-UUID and X-Hook-UUID, which are the webhook's own
/// (https://docs.gitlab.com/user/project/integrations/webhooks/#delivery-headers,
/// https://support.atlassian.com/bitbucket-cloud/docs/event-payloads/#HTTP-headers).
std::string external_id(const HookMessage& message) {
  for (const char* name :
       {"x-forgejo-delivery", "x-gitea-delivery", "x-github-delivery", "idempotency-key", "x-request-uuid"}) {
    const std::string_view value = message.header(name);
    if (!value.empty()) return std::string(value.substr(0, 100));
  }
  return {};
}

/// Signed by GitLab as Standard Webhooks has it (https://www.standardwebhooks.com), not just a secret sent along.
bool is_standard_webhook(Source source, const HookMessage& message) {
  return source == Source::gitlab && !message.header("webhook-signature").empty();
}

/// What is signed beside the body. A Standard Webhook that is sent again has a new time stamp, but its id.
std::string_view signed_mark(Source source, const HookMessage& message) {
  if (source == Source::generic) return message.header("x-slipway-timestamp");
  if (!is_standard_webhook(source, message)) return {};
  const std::string_view id = message.header("webhook-id");
  return id.empty() ? message.header("webhook-timestamp") : id;
}

/// Neither ids nor names of events nor the sender are signed, so what makes two deliveries the same is what they say:
/// the body, and the kind of event that it was taken for. Some also sign when they say it, or under which id.
std::string replay_key(Source source, const TriggerEvent& event, const HookMessage& message, const std::string& body) {
  Sha256 hash;
  hash.update(name_of(event.kind));
  hash.update("\n");
  hash.update(signed_mark(source, message));
  hash.update("\n");
  hash.update(body);
  return hash.finish();
}

/// Nothing that GitLab (by token) and Bitbucket send with a push says when that was: a tag that is deleted and made
/// again, a branch that is set back and forth, send the same to the byte. There one is compared with the last of its
/// ref alone, and with those before only if it has the id of one of them: then it is sent again.
std::string replay_scope(Source source, const TriggerEvent& event, const HookMessage& message) {
  const bool timeless =
      source == Source::bitbucket || (source == Source::gitlab && !is_standard_webhook(source, message));
  const bool of_ref = event.kind == EventKind::push || event.kind == EventKind::tag;
  return timeless && of_ref ? sha256_hex(event.ref) : std::string();
}

store::Delivery delivery_of(const store::Project& project, Source source, const HookMessage& message, Time now) {
  store::Delivery delivery;
  delivery.project = project.id;
  delivery.source = name_of(source);
  delivery.event = event_name(source, message);
  delivery.external_id = external_id(message);
  delivery.received = now;
  delivery.headers = headers_of(message);
  return delivery;
}

Result<std::vector<Parsed>> verify_and_parse(Source source, const HookMessage& message, const HookKey& key, Time now) {
  if (Result<void> proof = verify(source, message, key, now); !proof) return fail(proof.error());
  return parse(source, message);
}

/// What `replay` needs of a message that was stored.
HookMessage message_of(const store::Delivery& delivery) {
  HookMessage message;
  message.body = delivery.body;
  const Result<Json> headers = parse_json(delivery.headers);
  if (!headers || !headers->is_object()) return message;
  for (const auto& [name, value] : headers->items()) {
    if (value.is_string()) message.headers.emplace_back(name, value.get<std::string>());
  }
  return message;
}

}  // namespace

Receiver::Receiver(store::Store& store, Pool& pool, const Clock& clock, HookSecret secret, RunComing run_coming)
    : store_(store), pool_(pool), clock_(clock), secret_(std::move(secret)), run_coming_(std::move(run_coming)) {}

awaitable<Result<std::vector<Parsed>>> Receiver::examine(Source source, Message message, HookKey key) {
  const Time now = clock_.now();
  if (message->body.size() <= large) co_return verify_and_parse(source, *message, key, now);
  auto work = [source, message, key = std::move(key), now] { return verify_and_parse(source, *message, key, now); };
  co_return co_await pool_.run(std::move(work));
}

awaitable<Result<Outcome>> Receiver::receive(std::string name, std::optional<Source> source, HookMessage raw) {
  Result<store::Project> project = co_await store_.read(&store::Projects::find, name);
  if (!project) co_return fail(project.error());
  const Message message = std::make_shared<const HookMessage>(std::move(raw));
  if (!source) source = detect(*message);
  if (!source) {
    co_return fail(Error::Kind::invalid, "the headers do not say who sends this",
                   "name the sender in the URL: /hooks/" + name + "/<source>");
  }
  HookKey key;
  key.allow_unsigned = project->settings.allow_unsigned;
  if (!project->sealed_hook_secret.empty()) {
    Result<Secret> secret = secret_(*project);
    if (!secret) co_return fail(secret.error().in("open the hook secret"));
    key.secret = std::move(*secret);
  }
  store::Delivery delivery = delivery_of(*project, *source, *message, clock_.now());
  Result<std::vector<Parsed>> events = co_await examine(*source, message, std::move(key));
  if (!events) {
    const bool proven = events.error().kind != Error::Kind::unauthorized;
    if (proven && message->body.size() <= stored_body_limit) delivery.body = message->body;
    co_await file_refusal(std::move(delivery), events.error().message);
    co_return fail(events.error());
  }
  std::vector<Entry> entries;
  entries.reserve(events->size());
  for (Parsed& parsed : *events) {
    Decided decided = decide(parsed.event, *project);
    Entry entry{delivery, {}};
    entry.delivery.event = parsed.event.name;
    entry.delivery.body = parsed.body.empty() ? message->body : std::move(parsed.body);
    entry.delivery.replay_key = replay_key(*source, parsed.event, *message, entry.delivery.body);
    entry.delivery.replay_scope = replay_scope(*source, parsed.event, *message);
    if (entry.delivery.body.size() > stored_body_limit) entry.delivery.body.clear();
    entry.delivery.decision = decided.decision;
    entry.delivery.reason = std::move(decided.reason);
    if (decided.run) {
      if (run_coming_ && decided.run->state == store::RunState::queued) run_coming_(*project, *decided.run);
      entry.runs.push_back(std::move(*decided.run));
    }
    entries.push_back(std::move(entry));
  }
  co_return co_await file(std::move(entries));
}

awaitable<Result<Outcome>> Receiver::replay(DeliveryId id, std::string actor) {
  Result<store::Delivery> stored = co_await store_.read(&store::Deliveries::get, id);
  if (!stored) co_return fail(stored.error());
  const std::optional<Source> source = source_of(stored->source);
  if (stored->body.empty() || !source) {
    co_return fail(Error::Kind::conflict, "the body of delivery " + to_string(id) + " was not kept",
                   "only deliveries whose proof was right and that are not over 1 MiB can be replayed");
  }
  Result<store::Project> project = co_await store_.read(&store::Projects::get, stored->project);
  if (!project) co_return fail(project.error());
  Result<std::vector<Parsed>> events = parse(*source, message_of(*stored));
  if (!events) co_return fail(events.error());
  std::vector<Entry> entries;
  for (Parsed& parsed : *events) {
    Decided decided = decide(parsed.event, *project);
    Entry entry{*stored, {}};
    entry.delivery.id = DeliveryId();
    entry.delivery.run = RunId();
    entry.delivery.replay_key.clear();
    entry.delivery.received = clock_.now();
    entry.delivery.decision = decided.decision;
    entry.delivery.reason = decided.reason + " (delivery " + to_string(id) + " replayed by " + actor + ")";
    if (decided.run) entry.runs.push_back(std::move(*decided.run));
    entries.push_back(std::move(entry));
  }
  co_return co_await file(std::move(entries));
}

awaitable<Result<Outcome>> Receiver::file(std::vector<Entry> entries) {
  auto work = [entries = std::move(entries)](store::Transaction& tx) mutable -> Result<Outcome> {
    Outcome outcome;
    for (Entry& entry : entries) {
      for (store::Run& run : entry.runs) run.created = entry.delivery.received;
      const std::string reason = entry.delivery.reason;
      Result<store::Recorded> recorded = store::Deliveries(tx).record(std::move(entry.delivery), std::move(entry.runs));
      if (!recorded) return fail(recorded.error().in("file the delivery"));
      const bool first = !outcome.delivery;
      if (first) outcome.delivery = recorded->delivery;
      if (first || recorded->decision == store::Decision::accepted) {
        outcome.decision = recorded->decision;
        outcome.reason = recorded->decision == store::Decision::duplicate ? "delivered before" : reason;
      }
      outcome.runs.insert(outcome.runs.end(), recorded->runs.begin(), recorded->runs.end());
    }
    return outcome;
  };
  co_return co_await store_.write(std::move(work));
}

bool Receiver::may_file_refusal() {
  const Time now = clock_.now();
  if (now - refusals_since_ >= std::chrono::minutes(1) || now < refusals_since_) {
    refusals_since_ = now;
    refusals_ = 0;
  }
  return ++refusals_ <= refusals_per_minute;
}

awaitable<void> Receiver::file_refusal(store::Delivery delivery, std::string reason) {
  if (!may_file_refusal()) co_return;
  delivery.decision = store::Decision::refused;
  delivery.reason = std::move(reason);
  std::vector<store::Run> none;
  Result<store::Recorded> recorded =
      co_await store_.write(&store::Deliveries::record, std::move(delivery), std::move(none));
  if (!recorded) log::warn("a refused delivery could not be filed", {{"why", recorded.error()}});
}

}  // namespace slipway::triggers
