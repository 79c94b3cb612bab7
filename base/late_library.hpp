#pragma once
#include <string>

#include "base/result.hpp"

namespace slipway {

/// A shared library that is loaded when it is first needed instead of with the program: for one that brings many others
/// with it, which a daemon that is idle need not hold. Stays loaded.
class LateLibrary {
 public:
  /// `file` as the dynamic linker finds it ("libcurl.so.4"). One that is not there is Kind::internal.
  static Result<LateLibrary> load(std::string file, std::string hint = {});

  /// Sets `function` to the library's function of that name, whose type the caller vouches for. Kind::internal if it
  /// has none.
  template <class Function>
  Result<void> find(const char* name, Function*& function) const {
    Result<void*> address = address_of(name);
    if (!address) return fail(address.error());
    function = reinterpret_cast<Function*>(*address);
    return {};
  }

 private:
  LateLibrary(std::string file, void* handle) : file_(std::move(file)), handle_(handle) {}
  [[nodiscard]] Result<void*> address_of(const char* name) const;

  std::string file_;
  void* handle_;
};

}  // namespace slipway
