#pragma once
#include <cstdio>
#include <map>
#include <memory>
#include <string>

#include "docker-client/message.hpp"

namespace slipway {

/// A tar (POSIX ustar) of small files, name → content, in order of names.
inline std::string tar_of(const std::map<std::string, std::string>& files) {
  std::string tar;
  for (const auto& [name, content] : files) {
    std::string header(512, '\0');
    const auto put = [&](std::size_t at, const std::string& text) { header.replace(at, text.size(), text); };
    char size[12];
    std::snprintf(size, sizeof size, "%011zo", content.size());
    put(0, name);
    put(100, "0000644");
    put(108, "0000000");
    put(116, "0000000");
    put(124, size);
    put(136, "00000000000");
    put(148, "        ");
    put(156, "0");
    put(257, "ustar");
    put(263, "00");
    unsigned sum = 0;
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char checksum[8];
    std::snprintf(checksum, sizeof checksum, "%06o", sum);
    put(148, std::string(checksum, 7));
    tar += header + content + std::string((512 - content.size() % 512) % 512, '\0');
  }
  return tar + std::string(1024, '\0');
}

/// Text as a source, in pieces; `then` ends it with an error instead of well.
class TextSource : public docker::ByteSource {
 public:
  explicit TextSource(std::string text, std::size_t piece = 3000, std::optional<Error> then = {})
      : text_(std::move(text)), piece_(piece), then_(std::move(then)) {}

  awaitable<Result<std::string>> next() override {
    if (at_ >= text_.size() && then_) co_return fail(*then_);
    std::string piece = at_ < text_.size() ? text_.substr(at_, piece_) : std::string();
    at_ += piece.size();
    co_return piece;
  }

 private:
  std::string text_;
  std::size_t piece_;
  std::optional<Error> then_;
  std::size_t at_ = 0;
};

inline std::unique_ptr<docker::ByteSource> source_of(const std::map<std::string, std::string>& files) {
  return std::make_unique<TextSource>(tar_of(files));
}

}  // namespace slipway
