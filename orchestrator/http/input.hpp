#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/secret.hpp"
#include "orchestrator/http/message.hpp"

namespace slipway::http {

/// Reads a request's JSON object field by field, strictly; `finish` tells the first thing that was wrong with it: a
/// field of another type, too long, or one that nobody asked for. An absent or null field is nothing.
class Input {
 public:
  /// The body has to be a JSON object, or empty, which counts as one without fields.
  static Result<Input> of(const Request& request);

  std::optional<std::string> text(const char* name, std::size_t most_bytes = 4096);
  std::optional<bool> flag(const char* name);
  std::optional<std::int64_t> number(const char* name, std::int64_t least, std::int64_t most);
  /// An object whose values are texts; at most 100 of them. A number or flag is taken as it is written.
  std::map<std::string, std::string> texts(const char* name);
  /// At most 100 texts.
  std::vector<std::string> list(const char* name);
  std::optional<Secret> secret(const char* name, std::size_t most_bytes = 64 << 10);

  Result<void> finish();

 private:
  explicit Input(Json body);
  const Json* take(const char* name);
  void complain(std::string problem);

  std::shared_ptr<const Json> body_;
  std::set<std::string, std::less<>> known_;
  std::string problem_;
};

}  // namespace slipway::http
