// For compilers without libFuzzer:  fuzz_pipelines ROUNDS SEED FILE...
// Runs the files as they are, then ROUNDS mutations of them. The input under way is in fuzz_pipelines.last.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/fuzz/pipelines/mutation.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
void run(const std::string& text) {
  std::ofstream("fuzz_pipelines.last", std::ios::binary) << text;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}
}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    std::fprintf(stderr, "usage: fuzz_pipelines ROUNDS SEED FILE...\n");
    return 2;
  }
  std::vector<std::string> seeds;
  for (int i = 3; i < count; ++i) {
    std::ifstream file(words[i], std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    run(seeds.back());
  }
  slipway::pipelines::test::Mutator mutator(seeds, std::strtoull(words[2], nullptr, 10));
  const auto rounds = std::strtoull(words[1], nullptr, 10);
  for (std::uint64_t i = 0; i < rounds; ++i) run(mutator.next());
  std::printf("%llu rounds, nothing broken\n", rounds);
  return 0;
}
