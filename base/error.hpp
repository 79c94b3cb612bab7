#pragma once
#include <string>
#include <string_view>

namespace slipway {

/// A foreseeable failure, as a value. Each layer that passes one on says what it was doing: `error.in("pull alpine")`.
struct Error {
  enum class Kind {
    invalid,       ///< the caller's input is wrong; the same call will fail again
    not_found,     ///< the thing asked for does not exist
    conflict,      ///< it exists already, or is in a state that forbids this
    unauthorized,  ///< no or wrong credentials
    forbidden,     ///< known, but not allowed
    too_large,     ///< over a stated limit
    unavailable,   ///< the peer can't be reached or is out of service; the same call may work later
    timeout,       ///< a deadline passed; what the peer did is unknown
    cancelled,     ///< stopped on request
    failed,        ///< the work itself ran and failed (a build, a command); not a fault of the system
    protocol,      ///< the peer said something that can't be understood
    internal       ///< a bug or a broken disk
  };

  Error(Kind k, std::string text) : kind(k), message(std::move(text)) {}
  Error(Kind k, std::string text, std::string how) : kind(k), message(std::move(text)), hint(std::move(how)) {}

  /// The same error with "`doing`: " before its message.
  [[nodiscard]] Error in(std::string_view doing) &&;
  [[nodiscard]] Error in(std::string_view doing) const&;
  /// True if trying the same again may work without anybody mending anything.
  [[nodiscard]] bool transient() const { return kind == Kind::unavailable || kind == Kind::timeout; }

  Kind kind;
  std::string message;  ///< one line, no trailing stop, no secrets
  std::string hint;     ///< how a person can mend it; may be empty
};

/// "not_found", "timeout" …: stable, part of the HTTP API.
std::string_view name_of(Error::Kind kind);

}  // namespace slipway
