#include "images/tar_reader.hpp"

#include <algorithm>
#include <charconv>

#include "images/tar_header.hpp"

namespace slipway::images {
namespace {

constexpr std::uint64_t kMaxExtension = 64 << 10;
constexpr std::uint64_t kMaxSize = 1ULL << 50;

tl::unexpected<Error> bad(const std::string& why) {
  return fail(Error::Kind::invalid, "not a plain tar: " + why);
}

bool all_zero(std::string_view bytes) {
  return bytes.find_first_not_of('\0') == std::string_view::npos;
}

/// A text field, up to its zero byte.
std::string text_field(std::string_view block, std::size_t offset, std::size_t length) {
  const std::string_view field = block.substr(offset, length);
  return std::string(field.substr(0, std::min(field.find('\0'), field.size())));
}

/// Octal digits, with spaces or zero bytes around them; or base 256, which GNU tar uses for large ones.
std::optional<std::uint64_t> number_field(std::string_view field) {
  const auto first = static_cast<unsigned char>(field.front());
  std::uint64_t number = 0;
  if (first & 0x80) {
    if (first != 0x80) return {};  // negative, or far too large
    for (const char c : field.substr(1)) {
      if (number >> 48) return {};
      number = number << 8 | static_cast<unsigned char>(c);
    }
    return number;
  }
  const std::string_view around(" \0", 2);
  const auto begin = field.find_first_not_of(around);
  if (begin == std::string_view::npos) return 0;
  field = field.substr(begin, field.find_last_not_of(around) - begin + 1);
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), number, 8);
  if (error != std::errc() || end != field.data() + field.size()) return {};
  return number;
}

bool checksum_holds(std::string_view block) {
  std::uint64_t sum = 8 * ' ';
  for (std::size_t i = 0; i < block.size(); ++i) {
    if (i < 148 || i >= 156) sum += static_cast<unsigned char>(block[i]);
  }
  return number_field(block.substr(148, 8)) == sum;
}

/// POSIX headers may have the front of a long name in a field of its own; GNU ones use that place otherwise.
std::string name_in(std::string_view block) {
  std::string name = text_field(block, 0, 100);
  const bool posix = block.substr(257, 6) == std::string_view("ustar\0", 6);
  const std::string prefix = posix ? text_field(block, 345, 155) : std::string();
  return prefix.empty() ? name : prefix + "/" + name;
}

std::uint64_t padded(std::uint64_t size) {
  return size + tar_padding(size);
}

}  // namespace

Result<std::optional<TarMember>> TarReader::read(std::string_view& bytes) {
  while (!bytes.empty()) {
    if (ended_ && !all_zero(bytes)) return bad("something follows its end");
    if (content_ > 0) {
      skip(bytes);
      if (content_ > 0 || extension_type_ == 0) continue;
      if (Result<void> good = extended(); !good) return fail(good.error());
      continue;
    }
    const std::size_t taken = std::min(kTarBlock - block_.size(), bytes.size());
    block_.append(bytes.substr(0, taken));
    bytes.remove_prefix(taken);
    if (block_.size() < kTarBlock) break;
    Result<std::optional<TarMember>> member = header();
    block_.clear();
    if (!member || *member) return member;
  }
  return std::optional<TarMember>();
}

void TarReader::skip(std::string_view& bytes) {
  const auto taken = static_cast<std::size_t>(std::min<std::uint64_t>(content_, bytes.size()));
  if (extension_type_ != 0) extension_.append(bytes.substr(0, taken));
  content_ -= taken;
  bytes.remove_prefix(taken);
}

Result<std::optional<TarMember>> TarReader::header() {
  if (all_zero(block_)) {
    if (described_) return bad("a header without its entry");
    ended_ = ended_ || zero_block_;
    zero_block_ = true;
    return std::optional<TarMember>();
  }
  if (zero_block_) return bad("something follows its end");
  if (!checksum_holds(block_)) return bad("a header's checksum is wrong");
  const auto size = number_field(std::string_view(block_).substr(124, 12));
  if (!size || *size > kMaxSize) return bad("a size that is no number");

  TarMember member;
  member.type = block_[156] == '\0' ? '0' : block_[156];
  if (std::string_view("xgLK").find(member.type) != std::string_view::npos) {
    if (*size > kMaxExtension || *size == 0) return bad("a header of " + std::to_string(*size) + " bytes");
    extension_type_ = member.type;
    extension_size_ = *size;
    content_ = padded(*size);
    return std::optional<TarMember>();
  }
  member.path = path_.value_or(name_in(block_));
  member.link = link_.value_or(text_field(block_, 157, 100));
  member.size = size_.value_or(*size);
  const bool has_content = member.type == '0' || member.type == '7';
  if (!has_content && member.size != 0) return bad("content in '" + member.path.substr(0, 200) + "', which is no file");
  content_ = padded(member.size);
  path_.reset();
  link_.reset();
  size_.reset();
  described_ = false;
  return std::optional<TarMember>(std::move(member));
}

Result<void> TarReader::extended() {
  const std::string content = std::exchange(extension_, {}).substr(0, extension_size_);
  const char type = std::exchange(extension_type_, '\0');
  if (type == 'x' || type == 'g') return pax(content, type == 'g');
  described_ = true;
  std::optional<std::string>& name = type == 'L' ? path_ : link_;
  if (name) return bad("a name that is given twice");
  name = text_field(content, 0, content.size());
  return {};
}

Result<void> TarReader::pax(std::string_view records, bool global) {
  if (!global && described_) return bad("two headers for one entry");
  if (!global) described_ = true;
  while (!records.empty()) {
    std::size_t length = 0;
    const auto [end, error] = std::from_chars(records.data(), records.data() + records.size(), length);
    const auto digits = static_cast<std::size_t>(end - records.data());
    if (error != std::errc() || digits > 6 || length > records.size() || length < digits + 4 || *end != ' ' ||
        records[length - 1] != '\n') {
      return bad("a broken pax record");
    }
    const std::string_view record = records.substr(digits + 1, length - digits - 2);
    records.remove_prefix(length);
    const auto equals = record.find('=');
    if (equals == std::string_view::npos) return bad("a broken pax record");
    Result<void> good = pax_record(record.substr(0, equals), record.substr(equals + 1), global);
    if (!good) return good;
  }
  return {};
}

Result<void> TarReader::pax_record(std::string_view key, std::string_view value, bool global) {
  if (key.starts_with("GNU.sparse.")) return bad("a sparse file");
  const bool important = key == "path" || key == "linkpath" || key == "size";
  if (!important) return {};
  if (global) return bad("a name or size for all entries");
  if (value.empty() || value.find('\0') != std::string_view::npos)
    return bad("an empty or broken name in a pax record");
  if (key == "size") {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size() || number > kMaxSize) return bad("a broken size");
    if (size_) return bad("a size that is given twice");
    size_ = number;
    return {};
  }
  std::optional<std::string>& name = key == "path" ? path_ : link_;
  if (name) return bad("a name that is given twice");
  name = std::string(value);
  return {};
}

}  // namespace slipway::images
