#include "cli/jq.hpp"

#include <memory>

extern "C" {
#include <jq.h>
#include <jv.h>
}

namespace slipway::cli {
namespace {

struct JqFree {
  void operator()(jq_state* state) const { jq_teardown(&state); }
};

void keep_message(void* user, jv message) {
  auto& text = *static_cast<std::string*>(user);
  if (text.empty() && jv_get_kind(message) == JV_KIND_STRING) text = jv_string_value(message);
  jv_free(message);
}

std::string text_of(jv value) {
  const bool raw = jv_get_kind(value) == JV_KIND_STRING;
  const jv text = raw ? value : jv_dump_string(value, 0);
  std::string out(jv_string_value(text), static_cast<std::size_t>(jv_string_length_bytes(jv_copy(text))));
  jv_free(text);
  return out;
}

}  // namespace

Result<std::string> run_jq(const std::string& program, const std::string& json) {
  const std::unique_ptr<jq_state, JqFree> jq(jq_init());
  if (!jq) return fail(Error::Kind::internal, "jq could not be started");
  std::string message;
  jq_set_error_cb(jq.get(), keep_message, &message);
  if (jq_compile(jq.get(), program.c_str()) == 0) {
    return fail(Error::Kind::invalid, "--jq: " + message.substr(0, message.find('\n')));
  }
  jq_start(jq.get(), jv_parse(json.c_str()), 0);
  std::string out;
  jv value = jq_next(jq.get());
  for (; jv_is_valid(value); value = jq_next(jq.get())) out += text_of(value) + "\n";
  if (jv_invalid_has_msg(jv_copy(value))) {
    const jv why = jv_invalid_get_msg(value);
    std::string text = text_of(why);
    return fail(Error::Kind::invalid, "--jq: " + text);
  }
  jv_free(value);
  return out;
}

}  // namespace slipway::cli
