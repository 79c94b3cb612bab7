#pragma once
#include <exception>

namespace slipway {

/// Whether an exception that came out of a coroutine says that somebody cancelled it.
bool is_cancellation(const std::exception_ptr& thrown);

}  // namespace slipway
