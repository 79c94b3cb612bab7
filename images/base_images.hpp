#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "images/reference.hpp"

namespace slipway::images {

struct BaseImages {
  std::vector<Reference> images;
  /// What may name an image, or hide a line that does, and can't be told from here: quotes, variables that the builder
  /// sets, what is no reference, lines that builders take apart in different ways … Empty: whatever version reads the
  /// Dockerfile, it starts and copies from nothing but `images`. Bytes other than printable ASCII are written \xNN.
  /// The first of them, cut where they are long.
  std::vector<std::string> unclear;
  /// Of `# syntax=` or BUILDKIT_SYNTAX: the image of a program that reads the Dockerfile in the builder's place, as it
  /// likes; empty: none.
  std::string frontend;
  /// What the stage that is built starts from, through other stages: for an image that says so of itself. None for
  /// "scratch", for a target that is not there, and as long as anything is unclear.
  std::optional<Reference> base;
};

/// The images that a Dockerfile starts from or copies from (FROM, COPY --from, RUN --mount=…from=), its own stages and
/// "scratch" left out; each once, in order. So that a build gets the credentials of these registries and no others.
/// `arguments` are the build's; they go before the defaults of ARGs. What is no reference once variables are filled in
/// is not among the images; it is unclear. What an ONBUILD of a base image names is not looked for. `target` is the
/// stage that is built, by name or number; empty: the last.
///
/// A Dockerfile may be hostile. It is read as far as 100 000 instructions, 100 000 ARGs, flags and names of images, and
/// 1 MiB of variables' values; what is over that is unclear.
BaseImages base_images(std::string_view dockerfile, const std::map<std::string, std::string>& arguments,
                       std::string_view target = {});

}  // namespace slipway::images
