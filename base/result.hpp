#pragma once
#include <tl/expected.hpp>

#include "base/error.hpp"

namespace slipway {

/// A value, or the Error that kept it from being made. Must be looked at.
///
///   Result<Image> image = co_await images.inspect(reference);
///   if (!image) co_return fail(image.error().in("inspect base image"));
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Base = tl::expected<T, Error>;

 public:
  using Base::Base;
  Result(Base other) : Base(std::move(other)) {}
};

/// `return fail(Error::Kind::invalid, "…")` from any function that returns a Result.
[[nodiscard]] inline tl::unexpected<Error> fail(Error error) {
  return tl::unexpected<Error>(std::move(error));
}
[[nodiscard]] inline tl::unexpected<Error> fail(Error::Kind kind, std::string message, std::string hint = {}) {
  return tl::unexpected<Error>(Error(kind, std::move(message), std::move(hint)));
}

}  // namespace slipway
