#include "docker-client/build_answer.hpp"

#include <nlohmann/json.hpp>

#include "docker-client/images_errors.hpp"

namespace slipway::docker {
namespace {

constexpr std::int64_t killed_code = 137;
constexpr int entries_of_a_turn = 1000;
constexpr auto without_session =
    "private base images, secrets and ssh need a BuildKit session, which this client does not open: pull private base "
    "images first, or use the classic builder";

/// BuildKit wraps what went wrong in where it went wrong, several layers deep and the same each time.
std::string without_wrapping(std::string message) {
  for (const std::string_view wrapping :
       {"rpc error: code = Unknown desc = ", "failed to solve with frontend dockerfile.v0: ",
        "failed to solve with frontend gateway.v0: ", "failed to solve: ", "failed to create LLB definition: "}) {
    if (message.starts_with(wrapping)) message.erase(0, wrapping.size());
  }
  return message;
}

}  // namespace

Result<void> BuildAnswer::feed(std::string_view chunk) {
  take(chunk);
  return drain();
}

Result<void> BuildAnswer::drain() {
  while (true) {
    Result<bool> more = go_on();
    if (!more) return fail(more.error());
    if (!*more) return {};
  }
}

Result<bool> BuildAnswer::go_on() {
  if (steps_.go_on()) return true;
  if (trace_) {
    Result<void> read_it = read_trace();
    if (!read_it) return fail(read_it.error());
    return true;
  }
  Result<std::optional<Json>> value = values_.next();
  warn_of_skipped();
  if (!value) return fail(value.error());
  if (!*value) return false;
  Result<void> read_it = read(**value);
  if (!read_it) return fail(read_it.error());
  return true;
}

Result<void> BuildAnswer::read_trace() {
  for (int turn = 0; turn < entries_of_a_turn && !steps_.holds_back(); ++turn) {
    Result<std::optional<TraceEntry>> entry = trace_->next();
    if (!entry) return fail(entry.error());
    if (!*entry) {
      trace_.reset();
      return {};
    }
    buildkit_.add(**entry);
  }
  return {};
}

void BuildAnswer::warn_of_skipped() {
  if (values_.skipped() == 0 || std::exchange(warned_, true)) return;
  steps_.warn(0, "the engine told more of the build at once than can be taken: a part of the output is missing");
}

Result<void> BuildAnswer::read(const Json& value) {
  std::string error = error_in(value);
  if (!error.empty()) {
    error_ = std::move(error);
    killed_ = !traced_ && number_at(value_at(value, "errorDetail"), "code") == killed_code;
    return {};
  }
  const Json& aux = value_at(value, "aux");
  if (text_at(value, "id") == "moby.buildkit.trace" && aux.is_string()) {
    traced_ = true;
    Result<std::string> message = trace_message(aux.get_ref<const std::string&>());
    if (!message) return fail(message.error());
    trace_.emplace(std::move(*message));
    return {};
  }
  if (std::string id = text_at(aux, "ID"); !id.empty()) image_id_ = std::move(id);  // of several stages the last
  if (!traced_) classic_.add(text_at(value, "stream"));
  return {};
}

Result<BuildOutcome> BuildAnswer::finish() {
  values_.finish();
  Result<void> rest = drain();
  if (!rest) return fail(rest.error());
  const bool made = !image_id_.empty() && (traced_ || classic_.made(image_id_));
  if (!traced_ && (made || !error_.empty())) classic_.finish(error_);
  steps_.end();
  if (!error_.empty()) return fail(failure());
  if (!made) {
    return fail(Error::Kind::unavailable,
                "the build was interrupted: its report ends with neither an image nor an error");
  }
  BuildOutcome outcome;
  outcome.image_id = image_id_;
  outcome.builder = traced_ ? Builder::buildkit : Builder::classic;
  outcome.steps = steps_.instructions();
  outcome.cached_steps = steps_.cached();
  return outcome;
}

Result<BuildOutcome> BuildAnswer::cut_off(Error reason) {
  steps_.end();
  if (!error_.empty()) return fail(failure());
  return fail(std::move(reason).in("the build was interrupted"));
}

Error BuildAnswer::failure() const {
  Error error = registry_error(without_wrapping(error_));
  const auto failed = steps_.failure();
  const bool fetching = !failed || !failed->instruction || failed->name.find("] FROM ") != std::string::npos;
  if (!fetching) error.kind = Error::Kind::failed;  // a RUN may well print 'connection refused'
  // Base images that do not exist, and the like, are mistakes in the Dockerfile.
  if (error.kind == Error::Kind::not_found) error.kind = Error::Kind::failed;
  if (!failed) return error;
  if (error.message.find("no active sessions") != std::string::npos) error.hint = without_session;
  if (!failed->last_lines.empty()) error.hint = "the step's last lines:\n" + failed->last_lines;
  return std::move(error).in("step " + failed->name);
}

}  // namespace slipway::docker
