#include "orchestrator/runs/anchor_image.hpp"

#include <cstdio>
#include <cstring>

#include "base/encoding.hpp"
#include "orchestrator/runs/naming.hpp"

// clang-format off
asm(".pushsection .rodata\n"
    ".global slipway_anchor_begin\n"
    ".global slipway_anchor_end\n"
    "slipway_anchor_begin:\n"
    ".incbin \"" SLIPWAY_ANCHOR_FILE "\"\n"
    "slipway_anchor_end:\n"
    ".byte 0\n"
    ".popsection\n");
// clang-format on
extern "C" {
extern const char slipway_anchor_begin[];
extern const char slipway_anchor_end[];
}

namespace slipway::runs {
namespace {

constexpr std::size_t kBlock = 512;

/// One piece of bytes, then the end.
class OnePiece final : public docker::ByteSource {
 public:
  explicit OnePiece(std::string bytes) : bytes_(std::move(bytes)) {}
  awaitable<Result<std::string>> next() override { co_return std::exchange(bytes_, {}); }

 private:
  std::string bytes_;
};

/// A ustar header (POSIX.1-1988) of an executable file.
std::string tar_header(std::string_view name, std::size_t size) {
  std::string header(kBlock, '\0');
  const auto put = [&](std::size_t at, std::string_view text) {
    std::memcpy(header.data() + at, text.data(), text.size());
  };
  char number[16];
  std::snprintf(number, sizeof number, "%011zo", size);
  put(0, name);
  put(100, "0000755");
  put(108, "0000000");
  put(116, "0000000");
  put(124, number);
  put(136, "00000000000");
  put(148, "        ");
  put(156, "0");
  put(257, std::string_view("ustar\00000", 8));
  unsigned sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  std::snprintf(number, sizeof number, "%06o", sum);
  put(148, std::string_view(number, 7));
  return header;
}

}  // namespace

std::string_view anchor_program() {
  return {slipway_anchor_begin, static_cast<std::size_t>(slipway_anchor_end - slipway_anchor_begin)};
}

std::string anchor_tar() {
  const std::string_view program = anchor_program();
  std::string tar = tar_header("anchor", program.size());
  tar.append(program);
  tar.append((kBlock - program.size() % kBlock) % kBlock, '\0');
  tar.append(2 * kBlock, '\0');
  return tar;
}

awaitable<Result<std::string>> ensure_anchor_image(docker::Images& images, std::string instance) {
  const std::string tag = sha256_hex(anchor_program()).substr(0, 12);
  const std::string repository = local_repository("anchor");
  auto looking = images.inspect(repository + ":" + tag);
  const Result<docker::Image> found = co_await std::move(looking);
  if (found) co_return found->id;
  if (found.error().kind != Error::Kind::not_found)
    co_return fail(Error(found.error()).in("look for the anchor image"));
  std::vector<std::string> changes = {"ENTRYPOINT [\"/anchor\"]",
                                      "LABEL " + std::string(label::kInstance) + "=" + instance};
  std::unique_ptr<docker::ByteSource> tar = std::make_unique<OnePiece>(anchor_tar());
  auto importing = images.import(std::move(tar), repository, tag, std::move(changes));
  Result<std::string> id = co_await std::move(importing);
  if (!id) co_return fail(std::move(id.error()).in("make the anchor image"));
  co_return id;
}

}  // namespace slipway::runs
