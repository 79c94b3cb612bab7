// libFuzzer's entry: whatever the bytes are, the invariants hold.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/pipelines/pipeline_invariants.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string broken = slipway::pipelines::test::broken_invariant(text);
  if (broken.empty()) return 0;
  std::fprintf(stderr, "fuzz_pipelines: %s\n", broken.c_str());
  std::abort();
}
