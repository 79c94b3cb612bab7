#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace slipway::pipelines::test {

/// Makes files that are nearly right: the same ones for the same seed, on every machine.
class Mutator {
 public:
  Mutator(std::vector<std::string> seeds, std::uint64_t seed) : seeds_(std::move(seeds)), state_(seed) {}
  std::string next();

 private:
  std::uint64_t random();
  std::size_t below(std::size_t bound) { return bound == 0 ? 0 : static_cast<std::size_t>(random() % bound); }
  void mutate(std::string& text);

  std::vector<std::string> seeds_;
  std::uint64_t state_;
};

}  // namespace slipway::pipelines::test
