#include "orchestrator/auth/vault.hpp"

#include <stdexcept>

#include <sodium.h>

#include "base/encoding.hpp"

namespace slipway::auth {

namespace {

constexpr std::string_view kVersion = "v1.";
constexpr std::size_t kIdDigits = 8;
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;

const unsigned char* bytes_of(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

unsigned char* bytes_of(std::string& text) {
  return reinterpret_cast<unsigned char*>(text.data());
}

/// Tells keys apart without telling anything about them.
std::string id_of(const Secret& key) {
  return sha256_hex("slipway key id\n" + key.reveal()).substr(0, kIdDigits);
}

/// Neither part can reach into the other: a project's name has no newline.
std::string binding(std::string_view project, std::string_view what) {
  return "slipway\n" + std::string(project) + "\n" + std::string(what);
}

std::string_view key_id_of(std::string_view sealed) {
  const bool whole = sealed.starts_with(kVersion) && sealed.size() > kVersion.size() + kIdDigits &&
                     sealed[kVersion.size() + kIdDigits] == '.';
  return whole ? sealed.substr(kVersion.size(), kIdDigits) : std::string_view();
}

}  // namespace

Vault::Vault(std::vector<Secret> keys) {
  if (sodium_init() < 0) throw std::runtime_error("libsodium can't be initialised");
  if (keys.empty()) throw std::invalid_argument("a vault needs a key");
  newest_ = id_of(keys.front());
  for (Secret& key : keys) {
    if (key.reveal().size() != crypto_aead_xchacha20poly1305_ietf_KEYBYTES) {
      throw std::invalid_argument("a vault's key has 32 bytes");
    }
    std::string id = id_of(key);
    keys_.emplace(std::move(id), std::move(key));
  }
}

std::string Vault::seal(const Secret& value, std::string_view project, std::string_view what) const {
  const std::string bound = binding(project, what);
  std::string nonce(kNonceBytes, '\0');
  randombytes_buf(nonce.data(), nonce.size());
  std::string box(value.reveal().size() + kTagBytes, '\0');
  unsigned long long length = 0;
  crypto_aead_xchacha20poly1305_ietf_encrypt(bytes_of(box), &length, bytes_of(value.reveal()), value.reveal().size(),
                                             bytes_of(bound), bound.size(), nullptr, bytes_of(nonce),
                                             bytes_of(keys_.at(newest_).reveal()));
  box.resize(length);
  return std::string(kVersion) + newest_ + "." + to_base64(nonce + box);
}

Result<Secret> Vault::open(std::string_view sealed, std::string_view project, std::string_view what) const {
  const auto id = key_id_of(sealed);
  const std::string name = std::string(what) + " of project " + std::string(project);
  if (id.empty()) return fail(Error::Kind::invalid, name + ": what is stored is no sealed secret");
  const auto key = keys_.find(id);
  if (key == keys_.end()) {
    return fail(Error::Kind::not_found, name + ": sealed under key " + std::string(id) + ", which the key file lacks",
                "bring the old key file back, or set the secret anew");
  }
  const auto text = from_base64(sealed.substr(kVersion.size() + kIdDigits + 1));
  if (!text || text->size() < kNonceBytes + kTagBytes) {
    return fail(Error::Kind::invalid, name + ": what is stored is damaged", "set the secret anew");
  }
  const std::string bound = binding(project, what);
  std::string opened(text->size() - kNonceBytes - kTagBytes, '\0');
  unsigned long long length = 0;
  const unsigned char* nonce = bytes_of(*text);
  if (crypto_aead_xchacha20poly1305_ietf_decrypt(bytes_of(opened), &length, nullptr, nonce + kNonceBytes,
                                                 text->size() - kNonceBytes, bytes_of(bound), bound.size(), nonce,
                                                 bytes_of(key->second.reveal())) != 0) {
    return fail(Error::Kind::invalid, name + ": what is stored was changed, or sealed for something else",
                "set the secret anew");
  }
  return Secret(std::move(opened));
}

bool Vault::outdated(std::string_view sealed) const {
  return key_id_of(sealed) != newest_;
}

}  // namespace slipway::auth
