#pragma once
#include <map>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "docker-client/json_stream.hpp"
#include "docker-client/progress.hpp"

namespace slipway::docker {

/// Reads the answer of a pull, a push, an import or a load: JSON values with progress, and somewhere in them, after a
/// status of 200, the error. Pure. At most 1000 layers are counted.
class ImageAnswer {
 public:
  explicit ImageAnswer(ImageProgressSink sink) : sink_(std::move(sink)) {}

  /// An error that the Engine reports, or what is no JSON.
  Result<void> feed(std::string_view chunk);
  /// The body has ended.
  Result<void> finish();

  /// The Engine's last word on a pull ("Status: Downloaded newer image for …") has come.
  [[nodiscard]] bool pulled() const { return pulled_; }
  /// Of the manifest; empty if none was named.
  [[nodiscard]] const std::string& digest() const { return digest_; }
  [[nodiscard]] std::int64_t manifest_size() const { return manifest_size_; }
  /// The newest message that was no progress.
  [[nodiscard]] const std::string& last_message() const { return last_message_; }
  /// What a load named ("Loaded image: repository:tag").
  [[nodiscard]] const std::vector<std::string>& loaded() const { return loaded_; }
  [[nodiscard]] std::size_t layers_existing() const { return count(ImageProgress::Phase::exists); }
  [[nodiscard]] std::size_t layers_done() const { return count(ImageProgress::Phase::done); }

 private:
  Result<void> drain();
  Result<void> read(const Json& value);
  void read_aux(const Json& aux);
  void read_message(std::string text);
  void read_load(std::string_view text);
  [[nodiscard]] std::size_t count(ImageProgress::Phase phase) const;

  ImageProgressSink sink_;
  JsonStream values_;
  std::map<std::string, ImageProgress::Phase> layers_;
  std::vector<std::string> loaded_;
  std::string digest_;
  std::string last_message_;
  std::int64_t manifest_size_ = 0;
  bool pulled_ = false;
};

}  // namespace slipway::docker
