#include <string_view>

#include "orchestrator/http/backend.hpp"

// The file itself, by the assembler: no generated source, no copy at start.
__asm__(
    ".section .rodata\n"
    ".global slipway_openapi_begin\n"
    "slipway_openapi_begin:\n"
    ".incbin \"" SLIPWAY_OPENAPI_FILE
    "\"\n"
    ".global slipway_openapi_end\n"
    "slipway_openapi_end:\n"
    ".previous\n");

extern "C" {
extern const char slipway_openapi_begin[];
extern const char slipway_openapi_end[];
}

namespace slipway::http {

std::string_view openapi() {
  return {slipway_openapi_begin, static_cast<std::size_t>(slipway_openapi_end - slipway_openapi_begin)};
}

}  // namespace slipway::http
