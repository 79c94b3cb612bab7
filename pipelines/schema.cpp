#include "pipelines/schema.hpp"

// The file itself, by the assembler: no generated source, no copy at start.
__asm__(
    ".section .rodata\n"
    ".global slipway_pipeline_schema_begin\n"
    "slipway_pipeline_schema_begin:\n"
    ".incbin \"" SLIPWAY_PIPELINE_SCHEMA_FILE
    "\"\n"
    ".global slipway_pipeline_schema_end\n"
    "slipway_pipeline_schema_end:\n"
    ".previous\n");

extern "C" {
extern const char slipway_pipeline_schema_begin[];
extern const char slipway_pipeline_schema_end[];
}

namespace slipway::pipelines {

std::string_view schema() {
  return {slipway_pipeline_schema_begin,
          static_cast<std::size_t>(slipway_pipeline_schema_end - slipway_pipeline_schema_begin)};
}

}  // namespace slipway::pipelines
