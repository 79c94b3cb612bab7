#pragma once
#include <atomic>
#include <cstdint>

namespace slipway {

/// What failing_disk.cpp and the test that preloads it share: a mapped file.
struct DiskFaults {
  std::atomic<std::uint64_t> calls;  ///< counted so far: writes, truncations and syncs of files of interest
  std::atomic<std::uint64_t> first;  ///< calls numbered `first` to `last`, from 1, fail; none if `first` is 0
  std::atomic<std::uint64_t> last;
  std::atomic<int> code;            ///< with this errno
  std::atomic<std::uint64_t> hits;  ///< calls that have failed
};

}  // namespace slipway
