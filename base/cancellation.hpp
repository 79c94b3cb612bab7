#pragma once
#include <exception>

namespace slipway {

/// Whether an exception that came out of a coroutine says that somebody cancelled it. Of `||` and `&&`, which throw
/// multiple_exceptions when both sides threw, each side says the same.
bool is_cancellation(const std::exception_ptr& thrown);

}  // namespace slipway
