#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace slipway::images {

/// One entry of a tar, with what its pax or GNU headers say about it.
struct TarMember {
  TarMember() = default;
  std::string path;
  std::string link;  ///< what it links to
  char type = '0';   ///< '0' and '7' file, '1' hard link, '2' symbolic link, '3' to '6' device, folder, pipe
  std::uint64_t size = 0;
};

/// Finds the entries in a plain tar that comes in pieces; contents are skipped. Strict where readers disagree: checksum
/// and numbers must be right, a header that describes the next entry must be followed by one, sparse files and unknown
/// pax keys that change names are errors, after the end there are zeros only.
class TarReader {
 public:
  /// Takes from the front of `bytes` up to the end of the next entry's header; no entry if there were too few. What is
  /// wrong is Kind::invalid.
  Result<std::optional<TarMember>> read(std::string_view& bytes);
  /// The end was seen, and all of it.
  [[nodiscard]] bool complete() const { return ended_ && block_.empty(); }

 private:
  Result<std::optional<TarMember>> header();
  Result<void> extended();
  Result<void> pax(std::string_view records, bool global);
  Result<void> pax_record(std::string_view key, std::string_view value, bool global);
  void skip(std::string_view& bytes);

  std::string block_;          // a header that is not whole yet
  std::uint64_t content_ = 0;  // bytes to skip, padding included
  std::string extension_;      // content of a header that describes the next entry
  std::uint64_t extension_size_ = 0;
  char extension_type_ = 0;  // 0: none is being read
  std::optional<std::string> path_;
  std::optional<std::string> link_;
  std::optional<std::uint64_t> size_;
  bool described_ = false;  // an entry must follow
  bool zero_block_ = false;
  bool ended_ = false;
};

}  // namespace slipway::images
