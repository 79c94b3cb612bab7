#pragma once
#include <filesystem>
#include <string>

#include "base/encoding.hpp"
#include "images/file_descriptor.hpp"
#include "images/tar_reader.hpp"

namespace slipway::daemon {

/// What `backup.json` says.
struct BackupManifest {
  std::string made_at;
  std::string database_sha256;
};

/// Writes the files of a backup into a folder: `slipway.db` and `logs/RUN/NAME`; anything else in it is Kind::invalid.
class BackupUnpacker {
 public:
  explicit BackupUnpacker(std::filesystem::path folder) : folder_(std::move(folder)) {}

  /// The backup's next bytes.
  Result<void> feed(std::string_view bytes);
  /// After the last: everything has come, is on the disk, and is what the manifest says.
  Result<BackupManifest> finish();

 private:
  Result<void> begin(const images::TarMember& member);
  Result<void> take(std::string_view bytes);
  Result<void> end_file();

  std::filesystem::path folder_;
  images::TarReader reader_;
  std::string name_;  // of the entry that is being read
  std::uint64_t remaining_ = 0;
  images::FileDescriptor file_;
  Sha256 hash_;
  std::string manifest_;
  std::string database_sha256_;
};

}  // namespace slipway::daemon
