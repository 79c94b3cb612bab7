#include "docker-client/tls_stream.hpp"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

namespace slipway::docker {
namespace {

struct Freed {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Session = std::unique_ptr<SSL, Freed>;
using Context = std::unique_ptr<SSL_CTX, Freed>;

/// The newest entry of OpenSSL's error queue, which is emptied.
std::string reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* text = ERR_reason_error_string(code);
  return text != nullptr ? text : "unknown TLS error";
}

Result<Context> make_context(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_client_method()));
  if (!context) return fail(Error::Kind::internal, "TLS: " + reason());
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (SSL_CTX_load_verify_locations(context.get(), files.ca.c_str(), nullptr) != 1)
    return fail(Error::Kind::invalid, "TLS CA file " + files.ca + ": " + reason());
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()) != 1)
    return fail(Error::Kind::invalid, "TLS certificate file " + files.certificate + ": " + reason());
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM) != 1 ||
      SSL_CTX_check_private_key(context.get()) != 1)
    return fail(Error::Kind::invalid, "TLS key file " + files.key + ": " + reason());
  return context;
}

Result<Session> make_session(SSL_CTX* context, const std::string& host) {
  Session session(SSL_new(context));
  if (!session) return fail(Error::Kind::internal, "TLS: " + reason());
  X509_VERIFY_PARAM* const check = SSL_get0_param(session.get());
  if (X509_VERIFY_PARAM_set1_ip_asc(check, host.c_str()) != 1) {
    ERR_clear_error();
    X509_VERIFY_PARAM_set_hostflags(check, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (X509_VERIFY_PARAM_set1_host(check, host.c_str(), host.size()) != 1 ||
        SSL_set_tlsext_host_name(session.get(), host.c_str()) != 1)
      return fail(Error::Kind::invalid, "TLS: " + reason());
  }
  // The session owns both: what the peer sent goes into the first, what it shall get comes out of the second.
  SSL_set_bio(session.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(session.get());
  return session;
}

class TlsStream final : public ByteStream {
 public:
  TlsStream(std::unique_ptr<ByteStream> carrier, Session session)
      : carrier_(std::move(carrier)), session_(std::move(session)) {}

  awaitable<Result<void>> handshake() {
    for (;;) {
      ERR_clear_error();
      const int outcome = SSL_do_handshake(session_.get());
      const Error error = failure(outcome);  // read before anything else uses OpenSSL
      Result<void> flushed = co_await flush();
      if (outcome == 1) co_return flushed;
      if (!wants_input(outcome)) co_return fail(error);
      if (!flushed) co_return flushed;
      Result<std::size_t> more = co_await feed();
      if (!more) co_return fail(more.error());
      if (*more == 0) co_return fail(Error::Kind::unavailable, "the connection was closed in the TLS handshake");
    }
  }

  awaitable<Result<std::size_t>> read_some(std::span<char> into) override {
    for (;;) {
      ERR_clear_error();
      const int count =
          SSL_read(session_.get(), into.data(), static_cast<int>(std::min<std::size_t>(into.size(), 1 << 20)));
      if (count > 0) co_return static_cast<std::size_t>(count);
      const int why = SSL_get_error(session_.get(), count);
      if (why == SSL_ERROR_ZERO_RETURN) co_return std::size_t{0};
      if (why != SSL_ERROR_WANT_READ) co_return fail(failure(count));
      Result<std::size_t> more = co_await feed();
      if (!more) co_return more;
      if (*more == 0) co_return fail(Error::Kind::unavailable, "the connection was cut off");
    }
  }

  // Only this writes to the carrier after the handshake. What reading makes OpenSSL want to say (an answer to a key
  // update) may wait for the next write.
  awaitable<Result<void>> write(Parts parts) override {
    for (std::string_view part : parts) {
      while (!part.empty()) {
        ERR_clear_error();
        const int count =
            SSL_write(session_.get(), part.data(), static_cast<int>(std::min(part.size(), max_encrypted)));
        if (count <= 0) co_return fail(failure(count));
        part.remove_prefix(static_cast<std::size_t>(count));
        if (BIO_ctrl_pending(SSL_get_wbio(session_.get())) < max_encrypted) continue;
        Result<void> flushed = co_await flush();
        if (!flushed) co_return flushed;
      }
    }
    co_return co_await flush();
  }

  awaitable<Result<void>> finish_writing() override {
    SSL_shutdown(session_.get());
    co_return co_await flush();
  }

  void close() override { carrier_->close(); }
  [[nodiscard]] bool idle_and_open() const override {
    return SSL_pending(session_.get()) == 0 && carrier_->idle_and_open();
  }

 private:
  static constexpr std::size_t max_encrypted = 256 << 10;

  [[nodiscard]] bool wants_input(int outcome) const {
    return SSL_get_error(session_.get(), outcome) == SSL_ERROR_WANT_READ;
  }

  [[nodiscard]] Error failure(int outcome) const {
    const int why = SSL_get_error(session_.get(), outcome);
    if (why == SSL_ERROR_SYSCALL) return Error(Error::Kind::unavailable, "the connection was cut off");
    const long verdict = SSL_get_verify_result(session_.get());
    if (verdict != X509_V_OK)
      return Error(Error::Kind::unauthorized,
                   std::string("the engine's certificate is refused: ") + X509_verify_cert_error_string(verdict),
                   "check the CA file, and that the certificate names this host or address");
    return Error(Error::Kind::unauthorized, "TLS: " + reason());
  }

  /// Sends what OpenSSL has ready.
  awaitable<Result<void>> flush() {
    BIO* const out = SSL_get_wbio(session_.get());
    std::string bytes(BIO_ctrl_pending(out), '\0');
    if (bytes.empty()) co_return Result<void>();
    BIO_read(out, bytes.data(), static_cast<int>(bytes.size()));
    const Parts parts{bytes};
    co_return co_await carrier_->write(parts);
  }

  /// Gives OpenSSL what the peer sent; 0 at the end.
  awaitable<Result<std::size_t>> feed() {
    Result<std::size_t> count = co_await carrier_->read_some(input_);
    if (count && *count > 0) BIO_write(SSL_get_rbio(session_.get()), input_.data(), static_cast<int>(*count));
    co_return count;
  }

  std::unique_ptr<ByteStream> carrier_;
  Session session_;
  std::array<char, 17 << 10> input_;  // one TLS record
};

}  // namespace

awaitable<Result<std::unique_ptr<ByteStream>>> start_tls(std::unique_ptr<ByteStream> carrier, TlsFiles files,
                                                         std::string host) {
  Result<Context> context = make_context(files);
  if (!context) co_return fail(context.error());
  Result<Session> session = make_session(context->get(), host);
  if (!session) co_return fail(session.error());
  auto stream = std::make_unique<TlsStream>(std::move(carrier), std::move(*session));
  Result<void> agreed = co_await stream->handshake();
  if (!agreed) co_return fail(agreed.error());
  co_return std::unique_ptr<ByteStream>(std::move(stream));
}

}  // namespace slipway::docker
