#include "images/tar_header.hpp"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace slipway::images {
namespace {

constexpr std::size_t kNameLength = 100;
constexpr std::uint64_t kMaxOctalSize = 077777777777;

/// Where a ustar header's fields lie.
struct Field {
  std::size_t offset;
  std::size_t length;
};
constexpr Field kName{0, kNameLength}, kMode{100, 8}, kUid{108, 8}, kGid{116, 8}, kSize{124, 12}, kTime{136, 12},
    kChecksum{148, 8}, kType{156, 1}, kLink{157, kNameLength}, kMagic{257, 8};

void put(std::string& block, Field field, std::string_view text) {
  block.replace(field.offset, std::min(text.size(), field.length), text.substr(0, field.length));
}

void put_octal(std::string& block, Field field, std::uint64_t number) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%0*llo", static_cast<int>(field.length - 1),
                static_cast<unsigned long long>(number));
  put(block, field, digits);
}

std::string header_block(std::string_view name, char type, unsigned mode, std::uint64_t size, std::uint64_t time,
                         std::string_view link) {
  std::string block(kTarBlock, '\0');
  put(block, kName, name);
  put_octal(block, kMode, mode);
  put_octal(block, kUid, 0);
  put_octal(block, kGid, 0);
  put_octal(block, kSize, size > kMaxOctalSize ? 0 : size);
  put_octal(block, kTime, time);
  put(block, kChecksum, "        ");
  put(block, kType, std::string_view(&type, 1));
  put(block, kLink, link);
  put(block, kMagic,
      std::string_view("ustar\0"
                       "00",
                       8));
  const auto sum = std::accumulate(block.begin(), block.end(), 0U,
                                   [](unsigned total, char c) { return total + static_cast<unsigned char>(c); });
  put_octal(block, {kChecksum.offset, 7}, sum);
  block[kChecksum.offset + 7] = ' ';
  return block;
}

bool fits_ustar(std::string_view text) {
  return text.size() <= kNameLength &&
         std::all_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

/// "LENGTH key=value\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest;
  while (length != rest + std::to_string(length).size()) length = rest + std::to_string(length).size();
  return std::to_string(length) + " " + std::string(key) + "=" + std::string(value) + "\n";
}

}  // namespace

std::size_t tar_padding(std::uint64_t size) {
  return (kTarBlock - size % kTarBlock) % kTarBlock;
}

std::string tar_end() {
  return std::string(2 * kTarBlock, '\0');
}

std::string tar_header(const TarEntry& entry) {
  const std::string path = entry.kind == EntryKind::folder ? entry.path + "/" : entry.path;
  std::string records;
  if (!fits_ustar(path)) records += pax_record("path", path);
  if (!fits_ustar(entry.link_target)) records += pax_record("linkpath", entry.link_target);
  if (entry.size > kMaxOctalSize) records += pax_record("size", std::to_string(entry.size));
  std::string header;
  if (!records.empty()) {
    header = header_block("pax", 'x', 0644, records.size(), entry.time, {}) + records;
    header.append(tar_padding(records.size()), '\0');
  }
  return header +
         header_block(path, static_cast<char>(entry.kind), entry.mode, entry.size, entry.time, entry.link_target);
}

}  // namespace slipway::images
