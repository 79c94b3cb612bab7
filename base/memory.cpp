#include "base/memory.hpp"

#include <malloc.h>

namespace slipway {

void use_memory_sparingly() {
  constexpr int kLargeBlock = 128 << 10;
  ::mallopt(M_ARENA_MAX, 2);
  // Setting them keeps glibc from raising them with each large block that is freed.
  ::mallopt(M_MMAP_THRESHOLD, kLargeBlock);
  ::mallopt(M_TRIM_THRESHOLD, kLargeBlock);
}

void give_memory_back() {
  ::malloc_trim(0);
}

}  // namespace slipway
