#include "base/error.hpp"

namespace slipway {

Error Error::in(std::string_view doing) && {
  message.insert(0, std::string(doing) + ": ");
  return std::move(*this);
}

Error Error::in(std::string_view doing) const& {
  return Error(*this).in(doing);
}

std::string_view name_of(Error::Kind kind) {
  switch (kind) {
    case Error::Kind::invalid:
      return "invalid";
    case Error::Kind::not_found:
      return "not_found";
    case Error::Kind::conflict:
      return "conflict";
    case Error::Kind::unauthorized:
      return "unauthorized";
    case Error::Kind::forbidden:
      return "forbidden";
    case Error::Kind::too_large:
      return "too_large";
    case Error::Kind::unavailable:
      return "unavailable";
    case Error::Kind::timeout:
      return "timeout";
    case Error::Kind::cancelled:
      return "cancelled";
    case Error::Kind::failed:
      return "failed";
    case Error::Kind::protocol:
      return "protocol";
    case Error::Kind::internal:
      return "internal";
  }
  return "internal";
}

}  // namespace slipway
