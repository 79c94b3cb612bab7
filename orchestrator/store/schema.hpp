#pragma once

namespace slipway::store {

/// Times are milliseconds since the Unix epoch; words are those of Names; JSON is text.
extern const char* const kSchemaV1;
/// From 1: what is needed to find all that names a run, so that it can be forgotten.
extern const char* const kSchemaV2;
/// From 2: what hosts were found to be between rollouts.
extern const char* const kSchemaV3;
extern const char* const kSchemaV4;
extern const char* const kSchemaV5;
/// From 5: until when those whom messages are for want to be left alone.
extern const char* const kSchemaV6;
/// From 6: replay keys that make only what their sender sends again, under the same id, a duplicate.
extern const char* const kSchemaV7;
/// From 7: whether a step was told to stop. Those of a job that was being stopped count as told: until now only the
/// job was noted.
extern const char* const kSchemaV8;
/// From 8: values of secrets that runs under way were begun with.
extern const char* const kSchemaV9;
/// From 9: the time that is left to attempts which wait for people.
extern const char* const kSchemaV10;

}  // namespace slipway::store
