#include "docker-client/exchange.hpp"
#include "docker-client/transport.hpp"

namespace slipway::docker {

ResponseStream::ResponseStream(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
ResponseStream::ResponseStream(ResponseStream&&) noexcept = default;
ResponseStream& ResponseStream::operator=(ResponseStream&&) noexcept = default;
ResponseStream::~ResponseStream() = default;

int ResponseStream::status() const {
  return exchange_->status();
}
const Headers& ResponseStream::headers() const {
  return exchange_->headers();
}
std::string_view ResponseStream::header(std::string_view lower_case_name) const {
  return find_header(exchange_->headers(), lower_case_name);
}
awaitable<Result<std::string>> ResponseStream::next() {
  return exchange_->read_body(true);
}

HijackedStream::HijackedStream(std::unique_ptr<Exchange> exchange) : exchange_(std::move(exchange)) {}
HijackedStream::HijackedStream(HijackedStream&&) noexcept = default;
HijackedStream& HijackedStream::operator=(HijackedStream&&) noexcept = default;
HijackedStream::~HijackedStream() = default;

const Headers& HijackedStream::headers() const {
  return exchange_->headers();
}
awaitable<Result<std::string>> HijackedStream::read() {
  return exchange_->read_raw();
}
awaitable<Result<void>> HijackedStream::write(std::string bytes) {
  return exchange_->write_raw(std::move(bytes));
}
awaitable<Result<void>> HijackedStream::finish_writing() {
  return exchange_->finish_writing();
}
void HijackedStream::close() {
  exchange_->close();
}

}  // namespace slipway::docker
