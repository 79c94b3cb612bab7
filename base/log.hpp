#pragma once
#include <concepts>
#include <initializer_list>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "base/ids.hpp"

/// The daemon's own log, on stderr: a constant message plus fields.
///   log::info("run started", {{"run", id}, {"project", name}});   →  … run started run=12 project=shop
/// info: a state changed. warn: something is off, the daemon copes. error: a person must act.
namespace slipway::log {

struct Field {
  Field(std::string_view k, std::string_view v) : key(k), value(v) {}
  Field(std::string_view k, const std::string& v) : key(k), value(v) {}
  Field(std::string_view k, const char* v) : key(k), value(v) {}
  Field(std::string_view k, bool v) : key(k), value(v ? "true" : "false") {}
  template <std::integral N>
  Field(std::string_view k, N v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, double v) : key(k), value(std::to_string(v)) {}
  Field(std::string_view k, const Error& e) : key(k), value(e.message) {}
  template <class Tag>
  Field(std::string_view k, Id<Tag> id) : key(k), value(to_string(id)) {}

  std::string_view key;
  std::string value;
};
using Fields = std::initializer_list<Field>;

enum class Level { debug, info, warn, error };

void debug(std::string_view message, Fields fields = {});
void info(std::string_view message, Fields fields = {});
void warn(std::string_view message, Fields fields = {});
void error(std::string_view message, Fields fields = {});

void set_level(Level level);

}  // namespace slipway::log
