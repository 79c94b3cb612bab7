#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "images/reference.hpp"

namespace slipway::images {

/// The images that a Dockerfile starts from or copies from (FROM, COPY --from, RUN --mount=…from=), its own stages and
/// "scratch" left out; each once, in order. So that a build gets the credentials of these registries and no others.
/// `arguments` are the build's; they go before the defaults of ARGs. What is no reference once variables are filled in
/// is left out: the builder will object to it.
std::vector<Reference> base_images(std::string_view dockerfile, const std::map<std::string, std::string>& arguments);

}  // namespace slipway::images
