#pragma once
#include "base/result.hpp"

namespace slipway::cli {

/// Whether the file has a whole tar (POSIX.1-2001 ustar and pax, as slipwayd writes its backups): every content, and
/// the two blocks of zeros that end it. Reads the headers alone and does not judge them. `file` has to be open for
/// reading and keeps its position; a read that fails is Kind::unavailable.
Result<bool> tar_is_whole(int file);

}  // namespace slipway::cli
