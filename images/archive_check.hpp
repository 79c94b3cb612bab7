#pragma once
#include <cstdint>
#include <memory>
#include <string_view>

#include "docker-client/message.hpp"

namespace slipway::images {

class TarReader;

struct ArchiveLimits {
  ArchiveLimits() = default;
  std::size_t entries = 1'000'000;
  std::uint64_t bytes = 32ULL << 30;   ///< of the whole tar
  std::size_t link_bytes = 16U << 20;  ///< of the names of all symbolic links, which must be remembered
};

/// Reads a plain tar (ustar, pax, GNU long names) as it passes by, and objects to what could write outside the folder
/// it is unpacked in: absolute names, "..", an entry or hard link that goes through a symbolic link of the same tar,
/// devices and pipes, sparse files, anything after the end, and whatever tar readers disagree about. Where symbolic
/// links point is their own business.
class ArchiveCheck {
 public:
  explicit ArchiveCheck(ArchiveLimits limits = {});
  ArchiveCheck(ArchiveCheck&&) noexcept;
  ArchiveCheck& operator=(ArchiveCheck&&) noexcept;
  ~ArchiveCheck();

  /// The next bytes. Kind::invalid names the entry; Kind::too_large is a limit. After an error the object is spent.
  Result<void> feed(std::string_view bytes);
  /// After the last bytes: fails if the tar was cut off.
  Result<void> finish();
  [[nodiscard]] std::size_t entries() const;

 private:
  class Judge;
  std::unique_ptr<Judge> judge_;
  std::unique_ptr<TarReader> reader_;
  std::uint64_t left_;
};

/// `tar`, ended by an error before the piece that completes a forbidden entry's header is passed on.
std::unique_ptr<docker::ByteSource> checked(std::unique_ptr<docker::ByteSource> tar, ArchiveLimits limits = {});

}  // namespace slipway::images
