#include "docker-client/images_answer.hpp"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "docker-client/images_errors.hpp"

namespace slipway::docker {
namespace {

constexpr std::size_t layer_limit = 1'000;
using Phase = ImageProgress::Phase;

struct Word {
  std::string_view text;  // what a status begins with
  Phase phase;
};

constexpr std::array words{
    Word{"Pulling fs layer", Phase::waiting},
    Word{"Waiting", Phase::waiting},
    Word{"Preparing", Phase::waiting},
    Word{"Downloading", Phase::transferring},
    Word{"Verifying Checksum", Phase::transferring},
    Word{"Download complete", Phase::transferring},
    Word{"Pushing", Phase::transferring},
    Word{"Extracting", Phase::extracting},
    Word{"Retrying", Phase::retrying},
    Word{"Already exists", Phase::exists},
    Word{"Layer already exists", Phase::exists},
    Word{"Mounted from", Phase::exists},
    Word{"Pull complete", Phase::done},
    Word{"Pushed", Phase::done},
};

/// "Pushing" may not take "Pushing to …" for a layer: that comes without an id, so callers ask only with one.
Phase phase_of(std::string_view status) {
  const auto found =
      std::find_if(words.begin(), words.end(), [&](const Word& w) { return status.starts_with(w.text); });
  return found == words.end() ? Phase::message : found->phase;
}

std::uint64_t bytes_at(const Json& detail, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(number_at(detail, key), 0));
}

}  // namespace

Result<void> ImageAnswer::feed(std::string_view chunk) {
  values_.feed(chunk);
  return drain();
}

Result<void> ImageAnswer::finish() {
  values_.finish();
  return drain();
}

Result<void> ImageAnswer::drain() {
  while (true) {
    Result<std::optional<Json>> value = values_.next();
    if (!value) return fail(value.error());
    if (!*value) return {};
    Result<void> read_it = read(**value);
    if (!read_it) return read_it;
  }
}

Result<void> ImageAnswer::read(const Json& value) {
  std::string error = error_in(value);
  if (!error.empty()) return fail(registry_error(std::move(error)));
  read_aux(value_at(value, "aux"));
  read_load(text_at(value, "stream"));
  ImageProgress progress;
  progress.layer = text_at(value, "id");
  progress.text = text_at(value, "status");
  if (progress.text.empty()) return {};
  if (!progress.layer.empty()) progress.phase = phase_of(progress.text);
  const Json& detail = value_at(value, "progressDetail");
  progress.bytes = {bytes_at(detail, "current"), bytes_at(detail, "total")};
  if (progress.phase == Phase::message) {
    read_message(progress.text);
  } else if (layers_.contains(progress.layer) || layers_.size() < layer_limit) {
    layers_[progress.layer] = progress.phase;
  }
  if (sink_) sink_(progress);
  return {};
}

void ImageAnswer::read_aux(const Json& aux) {
  std::string digest = text_at(aux, "Digest");
  if (digest.empty()) return;
  digest_ = std::move(digest);
  manifest_size_ = number_at(aux, "Size");
}

void ImageAnswer::read_message(std::string text) {
  constexpr std::string_view digest = "Digest: ";
  if (text.starts_with(digest)) digest_ = text.substr(digest.size());
  if (text.starts_with("Status: ")) pulled_ = true;
  last_message_ = std::move(text);
}

void ImageAnswer::read_load(std::string_view text) {
  for (const std::string_view prefix : {"Loaded image: ", "Loaded image ID: "}) {
    if (!text.starts_with(prefix) || loaded_.size() == layer_limit) continue;
    text.remove_prefix(prefix.size());
    while (!text.empty() && text.back() == '\n') text.remove_suffix(1);
    loaded_.emplace_back(text);
  }
}

std::size_t ImageAnswer::count(Phase phase) const {
  return static_cast<std::size_t>(
      std::count_if(layers_.begin(), layers_.end(), [&](const auto& layer) { return layer.second == phase; }));
}

}  // namespace slipway::docker
