#include "images/archive_check.hpp"

#include <numeric>

#include <catch2/catch.hpp>

#include "base/process.hpp"
#include "images/tar_header.hpp"
#include "tests/support/run_async.hpp"
#include "tests/unit/images/tree.hpp"

namespace slipway::images {
namespace {

/// A header as anybody may write it, its checksum right.
std::string raw(char type, const std::string& name, const std::string& link = "", std::uint64_t size = 0) {
  std::string block(kTarBlock, '\0');
  char size_field[13];
  std::snprintf(size_field, sizeof size_field, "%011llo", static_cast<unsigned long long>(size));
  block.replace(0, std::min<std::size_t>(name.size(), 100), name.substr(0, 100));
  block.replace(124, 11, size_field, 11);
  block.replace(148, 8, "        ");
  block[156] = type;
  block.replace(157, std::min<std::size_t>(link.size(), 100), link.substr(0, 100));
  block.replace(257, 8,
                std::string("ustar\0"
                            "00",
                            8));
  const auto sum = std::accumulate(block.begin(), block.end(), 0U,
                                   [](unsigned total, char c) { return total + static_cast<unsigned char>(c); });
  char sum_field[8];
  std::snprintf(sum_field, sizeof sum_field, "%06o", sum);
  block.replace(148, 7, sum_field, 7);
  return block;
}

std::string with_content(char type, const std::string& name, std::string content, std::uint64_t stated = 0) {
  const std::string header = raw(type, name, "", stated ? stated : content.size());
  content.append(tar_padding(content.size()), '\0');
  return header + content;
}

std::string pax(const std::string& records) {
  return with_content('x', "pax", records);
}

std::string record(const std::string& key, const std::string& value) {
  const std::string rest = " " + key + "=" + value + "\n";
  std::size_t length = rest.size() + 1;
  while (std::to_string(length).size() + rest.size() != length) ++length;
  return std::to_string(length) + rest;
}

Result<void> check(const std::string& tar, std::size_t piece = 1 << 20, ArchiveLimits limits = {}) {
  ArchiveCheck archive(limits);
  for (std::size_t at = 0; at < tar.size(); at += piece) {
    if (Result<void> good = archive.feed(std::string_view(tar).substr(at, piece)); !good) return good;
  }
  return archive.finish();
}

std::string gnu_tar(const Tree& tree, const std::string& format) {
  ProcessSpec spec("tar", {"--format=" + format, "-c", "-f", "-", "-C", tree.path().string(), "."});
  spec.output_limit = 16 << 20;
  return run_async(run_process(std::move(spec)))->output;
}

const std::string kEnd = tar_end();
const std::string kFile = raw('0', "a");

}  // namespace

TEST_CASE("archives that GNU tar writes pass in every format and however they are cut") {
  const Tree tree;
  tree.file("a/b/c", std::string(3000, 'x'));
  tree.file(std::string(90, 'd') + "/" + std::string(90, 'f'), "long");
  tree.file("empty", "");
  tree.link("link", "a/b");
  tree.link("out", "/etc/passwd");
  std::filesystem::create_hard_link(tree.at("a/b/c"), tree.at("hard"));
  for (const char* format : {"ustar", "gnu", "pax", "v7"}) {
    if (std::string_view(format) == "v7") std::filesystem::remove_all(tree.at(std::string(90, 'd')));
    const std::string tar = gnu_tar(tree, format);
    REQUIRE(tar.size() > 5000);
    for (const std::size_t piece : {1UL, 7UL, 511UL, 512UL, 513UL, 4096UL, 1UL << 20}) {
      CAPTURE(format, piece);
      const Result<void> good = check(tar, piece);
      CHECK((good ? "" : good.error().message) == "");
    }
  }
}

TEST_CASE("what we send passes our own check") {
  const Tree tree;
  tree.file("Dockerfile");
  tree.file(std::string(200, 'd') + "/" + std::string(200, 'f'), std::string(100'000, 'x'));
  tree.link("link", std::string(200, 'l'));
  CHECK(check(send(ContextSpec(tree.path()))->tar));
}

TEST_CASE("an archive that could write outside its folder is refused") {
  const std::vector<std::pair<std::string, std::string>> hostile = {
      {"absolute", raw('0', "/etc/passwd")},
      {"climbs", raw('0', "../a")},
      {"climbs later", raw('0', "a/../../b")},
      {"ends climbing", raw('5', "a/..")},
      {"absolute folder", raw('5', "/")},
      {"absolute by pax", pax(record("path", "/etc/passwd")) + kFile},
      {"climbs by pax", pax(record("path", "../x")) + kFile},
      {"climbs by GNU long name", with_content('L', "././@LongLink", "../x") + kFile},
      {"absolute by GNU long name", with_content('L', "././@LongLink", "/x") + kFile},
      {"through a link", raw('2', "l", "/etc") + raw('0', "l/passwd")},
      {"through a link inside", raw('2', "l", "a") + raw('0', "l/x")},
      {"through a link, dotted", raw('2', "l", "/etc") + raw('0', "./l//./passwd")},
      {"through a deep link", raw('2', "a/l", "..") + raw('0', "a/l/b/c")},
      {"a folder over a link", raw('2', "l", "/etc") + raw('5', "l/")},
      {"a link below a link", raw('2', "l", "/etc") + raw('2', "l/x", "y")},
      {"through a hard link to a link", raw('2', "l", "/etc") + raw('1', "h", "l") + raw('0', "h/x")},
      {"hard link to absolute", raw('1', "h", "/etc/passwd")},
      {"hard link climbs", raw('1', "h", "../x")},
      {"hard link to nothing", raw('1', "h", "")},
      {"hard link through a link", raw('2', "l", "/etc") + raw('1', "h", "l/passwd")},
      {"hard link by pax", pax(record("linkpath", "/etc/passwd")) + raw('1', "h", "a")},
      {"hard link by GNU long link", with_content('K', "././@LongLink", "../x") + raw('1', "h", "a")},
      {"link replaced by a file, then used", raw('2', "l", "/etc") + raw('0', "l") + raw('0', "l/x")},
      {"character device", raw('3', "null")},
      {"block device", raw('4', "sda")},
      {"pipe", raw('6', "pipe")},
      {"GNU sparse", raw('S', "sparse")},
      {"GNU multi volume", raw('M', "part")},
      {"unknown kind", raw('Z', "what")},
      {"pax sparse", pax(record("GNU.sparse.major", "1")) + kFile},
      {"pax sparse name", pax(record("GNU.sparse.name", "/etc/passwd")) + kFile},
      {"global pax path", with_content('g', "g", record("path", "/etc/passwd")) + kFile},
      {"global pax size", with_content('g', "g", record("size", "512")) + kFile},
      {"path twice", pax(record("path", "a") + record("path", "b")) + kFile},
      {"path by both", with_content('L', "L", "a") + pax(record("path", "b")) + kFile},
      {"two pax headers", pax(record("path", "a")) + pax(record("mtime", "1")) + kFile},
      {"zero byte in a pax path", pax(record("path", std::string("a\0/../b", 7))) + kFile},
      {"empty name", raw('0', "")},
      {"a file named as a folder", raw('0', "a/")},
      {"the folder itself as a file", raw('0', ".")},
      {"the folder itself as a link", raw('2', ".", "/etc")},
      {"a link to nowhere", raw('2', "l", "")},
      {"long name of 5000 bytes", pax(record("path", std::string(5000, 'n'))) + kFile},
  };
  for (const auto& [what, tar] : hostile) {
    for (const std::size_t piece : {1UL, 100UL, 1UL << 20}) {
      CAPTURE(what, piece);
      const Result<void> result = check(tar + kEnd, piece);
      REQUIRE_FALSE(result);
      CHECK(result.error().kind == Error::Kind::invalid);
    }
  }
}

TEST_CASE("an archive that readers may disagree about is refused") {
  std::string wrong_sum = kFile;
  wrong_sum[0] = 'b';
  std::string negative = raw('0', "a");
  negative[124] = '\xFF';
  const std::vector<std::pair<std::string, std::string>> broken = {
      {"checksum", wrong_sum + kEnd},
      {"gzip", std::string("\x1F\x8B\x08", 3) + std::string(2000, 'x')},
      {"text", std::string(1024, 'x')},
      {"negative size", negative + kEnd},
      {"content in a folder", raw('5', "a", "", 512) + std::string(512, 'x') + kEnd},
      {"content in a link", raw('2', "a", "b", 512) + std::string(512, 'x') + kEnd},
      {"something after the end", kFile + kEnd + kFile + kEnd},
      {"something after one zero block", kFile + std::string(512, '\0') + kFile + kEnd},
      {"pax header alone", pax(record("path", "a")) + kEnd},
      {"huge pax header", raw('x', "pax", "", 1 << 20)},
      {"empty pax header", raw('x', "pax") + kFile + kEnd},
      {"pax record too long", pax("99 path=a\n") + kFile + kEnd},
      {"pax record too short", pax("3 a\n") + kFile + kEnd},
      {"pax record without a length", pax("path=a\n") + kFile + kEnd},
      {"pax record without an end", pax("8 path=a ") + kFile + kEnd},
      {"pax size that is none", pax(record("size", "-1")) + kFile + kEnd},
      {"pax size too large", pax(record("size", "99999999999999999999")) + kFile + kEnd},
  };
  for (const auto& [what, tar] : broken) {
    for (const std::size_t piece : {1UL, 100UL, 1UL << 20}) {
      CAPTURE(what, piece);
      const Result<void> result = check(tar, piece);
      REQUIRE_FALSE(result);
      CHECK(result.error().kind == Error::Kind::invalid);
    }
  }
}

TEST_CASE("an archive that is cut off anywhere is not complete") {
  const std::string tar = with_content('0', "a", "content") + pax(record("path", "b")) + kFile + kEnd;
  REQUIRE(check(tar));
  for (std::size_t length = 0; length < tar.size(); length += 64) {
    CAPTURE(length);
    CHECK_FALSE(check(tar.substr(0, length)));
  }
}

TEST_CASE("what a pax header says of a size counts") {
  const std::string content(1024, 'x');
  const std::string hidden = raw('0', "/etc/passwd");
  // Whoever ignores the pax size takes the content for headers.
  CHECK(check(pax(record("size", "1024")) + kFile + content + kEnd));
  CHECK_FALSE(check(pax(record("size", "1024")) + kFile + content + hidden + kEnd));
}

TEST_CASE("comments of git archive pass") {
  CHECK(check(with_content('g', "pax_global_header", record("comment", std::string(40, 'a'))) + kFile + kEnd));
}

TEST_CASE("limits on entries, bytes and links hold") {
  ArchiveLimits limits;
  limits.entries = 2;
  CHECK(check(kFile + kFile + kEnd, 512, limits));
  CHECK(check(kFile + kFile + kFile + kEnd, 512, limits).error().kind == Error::Kind::too_large);
  limits = ArchiveLimits();
  limits.bytes = 2000;
  CHECK(check(kFile + kFile + kEnd, 512, limits).error().kind == Error::Kind::too_large);
  limits = ArchiveLimits();
  limits.link_bytes = 100;
  CHECK(check(raw('2', "l", "x") + kEnd, 512, limits));
  CHECK(check(raw('2', "l", "x") + raw('2', "m", "x") + kEnd, 512, limits).error().kind == Error::Kind::too_large);
}

namespace {

class Pieces final : public docker::ByteSource {
 public:
  explicit Pieces(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}
  awaitable<Result<std::string>> next() override {
    if (at_ == pieces_.size()) co_return std::string();
    co_return pieces_[at_++];
  }

 private:
  std::vector<std::string> pieces_;
  std::size_t at_ = 0;
};

awaitable<std::string> passed_on(std::vector<std::string> pieces) {
  auto source = checked(std::make_unique<Pieces>(std::move(pieces)));
  std::string all;
  for (;;) {
    const Result<std::string> piece = co_await source->next();
    if (!piece) co_return all + " then " + std::string(name_of(piece.error().kind));
    if (piece->empty()) co_return all;
    all += *piece;
  }
}

}  // namespace

TEST_CASE("a checked source passes a good archive on as it is, and ends a bad one before its header is whole") {
  CHECK(run_async(passed_on({kFile, kEnd})) == kFile + kEnd);
  const std::string bad = raw('0', "/x");
  CHECK(run_async(passed_on({kFile, bad.substr(0, 300), bad.substr(300)})) ==
        kFile + bad.substr(0, 300) + " then invalid");
  CHECK(run_async(passed_on({kFile})) == kFile + " then invalid");
}

}  // namespace slipway::images
