#pragma once

namespace slipway::store {

/// Times are milliseconds since the Unix epoch; words are those of Names; JSON is text.
extern const char* const kSchemaV1;

}  // namespace slipway::store
