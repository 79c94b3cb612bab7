#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/ids.hpp"
#include "images/context.hpp"
#include "tests/support/real_engine.hpp"

namespace slipway::images {

/// The real engine, with a label on all images made through it and these removed at the end.
class ImageBench {
 public:
  ImageBench() = default;
  ImageBench(const ImageBench&) = delete;
  ImageBench& operator=(const ImageBench&) = delete;
  ~ImageBench();

  /// Builds a context as slipway does; the image's id. Fails the test if the build does.
  std::string build(const ContextSpec& context, docker::Builder builder, const std::vector<std::string>& tags = {},
                    const docker::Labels& labels = {});
  /// Builds one with the docker command line's classic builder; the image's id.
  std::string build_by_docker(const std::filesystem::path& context) const;
  /// What a folder of an image holds: path → kind, permissions and content.
  std::map<std::string, std::string> files_in(const std::string& image, const std::string& folder);

  [[nodiscard]] const std::string& salt() const { return salt_; }
  RealEngine engine;

 private:
  std::string salt_ = random_hex(8);
};

}  // namespace slipway::images
