#include "base/late_library.hpp"

#include <dlfcn.h>

namespace slipway {
namespace {

std::string reason() {
  const char* text = ::dlerror();
  return text ? text : "unknown error";
}

}  // namespace

Result<LateLibrary> LateLibrary::load(std::string file, std::string hint) {
  void* handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) return fail(Error::Kind::internal, "load library: " + reason(), std::move(hint));
  return LateLibrary(std::move(file), handle);
}

Result<void*> LateLibrary::address_of(const char* name) const {
  if (void* address = ::dlsym(handle_, name)) return address;
  return fail(Error::Kind::internal, file_ + ": " + reason());
}

}  // namespace slipway
