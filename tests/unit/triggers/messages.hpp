#pragma once
#include <string>

#include "orchestrator/triggers/source.hpp"

namespace slipway::triggers {

/// A message as `source` sends it: its event header and content type set, without any proof.
HookMessage message_from(Source source, const std::string& event, std::string body);

/// Adds the proof that `source` gives for `secret` at `seconds`.
void sign(Source source, HookMessage& message, const std::string& secret, std::int64_t seconds);

/// Replaces a header, or removes it if the value is empty.
void set_header(HookMessage& message, const std::string& name, const std::string& value);

}  // namespace slipway::triggers
