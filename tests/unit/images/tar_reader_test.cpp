#include "images/tar_reader.hpp"

#include <algorithm>
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

/// The entries of `tar`, which comes in pieces of that size; Kind::invalid if it has no end, too.
Result<std::vector<TarMember>> members_of(const std::string& tar, std::size_t piece = 1 << 20) {
  TarReader reader;
  std::vector<TarMember> members;
  for (std::size_t at = 0; at < tar.size(); at += piece) {
    std::string_view bytes = std::string_view(tar).substr(at, piece);
    while (!bytes.empty()) {
      Result<std::optional<TarMember>> member = reader.read(bytes);
      if (!member) return fail(member.error());
      if (*member) members.push_back(std::move(**member));
    }
  }
  if (!reader.complete()) return fail(Error::Kind::invalid, "cut off");
  return members;
}

/// "type path size link" of each entry, in order of paths.
std::vector<std::string> told(const std::vector<TarMember>& members) {
  std::vector<std::string> lines;
  for (const TarMember& member : members) {
    lines.push_back(std::string(1, member.type) + " " + member.path + " " + std::to_string(member.size) + " " +
                    member.link);
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

std::string gnu_tar(const Tree& tree, const std::string& format) {
  ProcessSpec spec("tar", {"--format=" + format, "-c", "-f", "-", "-C", tree.path().string(), "."});
  spec.output_limit = 16 << 20;
  return run_async(run_process(std::move(spec)))->output;
}

const std::string kEnd = tar_end();
const std::string kFile = raw('0', "a");

}  // namespace

TEST_CASE("what GNU tar writes is read in every format and however it is cut") {
  const Tree tree;
  tree.file("a/b/c", std::string(3000, 'x'));
  const std::string folder(90, 'd');
  const std::string deep = folder + "/" + std::string(90, 'f');
  tree.file(deep, "long");
  tree.file("empty", "");
  tree.link("link", "a/b");
  tree.link("out", "/etc/passwd");
  for (const std::string format : {"ustar", "gnu", "pax", "v7"}) {
    std::vector<std::string> expected = {"0 ./a/b/c 3000 ", "0 ./empty 0 ", "2 ./link 0 a/b", "2 ./out 0 /etc/passwd",
                                         "5 ./ 0 ",         "5 ./a/ 0 ",    "5 ./a/b/ 0 "};
    if (format == "v7") {
      std::filesystem::remove_all(tree.at(folder));
    } else {
      expected.push_back("0 ./" + deep + " 4 ");
      expected.push_back("5 ./" + folder + "/ 0 ");
    }
    std::sort(expected.begin(), expected.end());
    const std::string tar = gnu_tar(tree, format);
    REQUIRE(tar.size() > 5000);
    for (const std::size_t piece : {1UL, 7UL, 511UL, 512UL, 513UL, 4096UL, 1UL << 20}) {
      CAPTURE(format, piece);
      const auto members = members_of(tar, piece);
      REQUIRE((members ? "" : members.error().message) == "");
      CHECK(told(*members) == expected);
    }
  }
}

TEST_CASE("a hard link is told with what it links to") {
  const Tree tree;
  tree.file("a", "x");
  std::filesystem::create_hard_link(tree.at("a"), tree.at("hard"));
  const auto members = members_of(gnu_tar(tree, "pax"));
  REQUIRE(members);
  REQUIRE(members->size() == 3);
  CHECK(members->back().type == '1');
  CHECK((members->back().link == "./a" || members->back().link == "./hard"));
}

TEST_CASE("what we send is read as it was meant") {
  const Tree tree;
  tree.file("Dockerfile");
  const std::string name = std::string(200, 'd') + "/" + std::string(200, 'f');
  tree.file(name, std::string(100'000, 'x'));
  tree.link("link", std::string(200, 'l'));
  const auto members = members_of(send(ContextSpec(tree.path()))->tar);
  REQUIRE(members);
  const std::vector<std::string> lines = told(*members);
  CHECK(std::find(lines.begin(), lines.end(), "0 " + name + " 100000 ") != lines.end());
  CHECK(std::find(lines.begin(), lines.end(), "2 link 0 " + std::string(200, 'l')) != lines.end());
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
      {"pax sparse", pax(record("GNU.sparse.major", "1")) + kFile + kEnd},
      {"pax sparse name", pax(record("GNU.sparse.name", "/etc/passwd")) + kFile + kEnd},
      {"global pax path", with_content('g', "g", record("path", "/etc/passwd")) + kFile + kEnd},
      {"global pax size", with_content('g', "g", record("size", "512")) + kFile + kEnd},
      {"path twice", pax(record("path", "a") + record("path", "b")) + kFile + kEnd},
      {"path by both", with_content('L', "L", "a") + pax(record("path", "b")) + kFile + kEnd},
      {"two pax headers", pax(record("path", "a")) + pax(record("mtime", "1")) + kFile + kEnd},
      {"zero byte in a pax path", pax(record("path", std::string("a\0/../b", 7))) + kFile + kEnd},
  };
  for (const auto& [what, tar] : broken) {
    for (const std::size_t piece : {1UL, 100UL, 1UL << 20}) {
      CAPTURE(what, piece);
      const auto result = members_of(tar, piece);
      REQUIRE_FALSE(result);
      CHECK(result.error().kind == Error::Kind::invalid);
    }
  }
}

TEST_CASE("an archive that is cut off anywhere is not complete") {
  const std::string tar = with_content('0', "a", "content") + pax(record("path", "b")) + kFile + kEnd;
  REQUIRE(members_of(tar));
  for (std::size_t length = 0; length < tar.size(); length += 64) {
    CAPTURE(length);
    CHECK_FALSE(members_of(tar.substr(0, length)));
  }
}

TEST_CASE("names of pax and GNU headers go before those of the entry itself, and so does a size") {
  const auto by_pax = members_of(pax(record("path", "long") + record("linkpath", "there")) + raw('2', "a", "b") + kEnd);
  REQUIRE(by_pax);
  CHECK(told(*by_pax) == std::vector<std::string>{"2 long 0 there"});
  const auto by_gnu = members_of(with_content('L', "././@LongLink", "long") +
                                 with_content('K', "././@LongLink", "there") + raw('2', "a", "b") + kEnd);
  REQUIRE(by_gnu);
  CHECK(told(*by_gnu) == std::vector<std::string>{"2 long 0 there"});
  const std::string content(1024, 'x');
  // Whoever ignores the pax size takes the content for headers.
  const auto sized = members_of(pax(record("size", "1024")) + kFile + content + kEnd);
  REQUIRE(sized);
  CHECK(told(*sized) == std::vector<std::string>{"0 a 1024 "});
}

TEST_CASE("comments of git archive are passed over") {
  CHECK(members_of(with_content('g', "pax_global_header", record("comment", std::string(40, 'a'))) + kFile + kEnd));
}

}  // namespace slipway::images
