#include "orchestrator/rollouts/record.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <zstd.h>

#include "base/encoding.hpp"
#include "base/json.hpp"

namespace slipway::rollouts {
namespace {

constexpr int version = 1;
constexpr int level = 19;
constexpr std::size_t largest = 4 << 20;  // unpacked

Result<std::string> compress(const std::string& text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), level);
  if (ZSTD_isError(size)) return fail(Error::Kind::internal, std::string("pack a record: ") + ZSTD_getErrorName(size));
  packed.resize(size);
  return packed;
}

Result<std::string> decompress(const std::string& packed) {
  const unsigned long long size = ZSTD_getFrameContentSize(packed.data(), packed.size());
  if (ZSTD_isError(size) || size > largest) return fail(Error::Kind::invalid, "it is not packed as a record is");
  std::string text(size, '\0');
  const std::size_t got = ZSTD_decompress(text.data(), text.size(), packed.data(), packed.size());
  if (ZSTD_isError(got) || got != size) return fail(Error::Kind::invalid, "it is damaged");
  return text;
}

Result<std::string> packed(const Record& record) {
  auto spec = parse_json(dump_generation(record.spec));
  if (!spec) return fail(spec.error());
  const auto compressed = compress(dump_json({{"version", version}, {"project", record.project}, {"spec", *spec}}));
  if (!compressed) return fail(compressed.error());
  return to_base64(*compressed);
}

bool is_env_file(const Application& application, const std::string& path) {
  return std::any_of(application.services.begin(), application.services.end(), [&](const Service& service) {
    return std::any_of(service.env_files.begin(), service.env_files.end(),
                       [&](const EnvFile& file) { return file.path == path; });
  });
}

}  // namespace

Result<std::string> pack_record(const Record& record, const Application& application) {
  Record open = record;
  for (const FileSource& secret : application.secrets) {
    if (secret.kind != FileSource::Kind::file) continue;
    if (is_env_file(application, secret.value)) {
      return fail(Error::Kind::invalid, "file " + secret.value + " is a secret and an env_file");
    }
    open.spec.files.erase(secret.value);
  }
  auto label = packed(open);
  if (label && label->size() > longest_record) {
    std::erase_if(open.spec.files, [&](const auto& file) { return !is_env_file(application, file.first); });
    label = packed(open);
  }
  if (!label || label->size() <= longest_record) return label;
  return fail(Error::Kind::too_large, "its record has " + std::to_string(label->size()) + " bytes, more than " +
                                          std::to_string(longest_record));
}

Result<Record> unpack_record(std::string_view label) {
  const auto compressed = from_base64(label);
  if (!compressed) return fail(compressed.error().in("read a record"));
  const auto text = decompress(*compressed);
  if (!text) return fail(text.error().in("read a record"));
  const auto json = parse_json(*text);
  if (!json) return fail(json.error().in("read a record"));
  if (number_at(*json, "version") != version) {
    return fail(Error::Kind::invalid, "read a record: a newer release of slipway wrote it");
  }
  auto spec = parse_generation(value_at(*json, "spec").dump());
  if (!spec) return fail(spec.error());
  if (spec->number <= 0) return fail(Error::Kind::invalid, "read a record: it has no generation");
  return Record{text_at(*json, "project"), std::move(*spec)};
}

}  // namespace slipway::rollouts
