#include "docker-client/http_head.hpp"

#include <algorithm>

#include <boost/beast/http/basic_parser.hpp>

#include "base/http_client.hpp"

namespace slipway::docker {
namespace {

namespace beast_http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr std::uint32_t max_head_bytes = 48 << 10;

bool has_line_break(std::string_view text) {
  return text.find_first_of(std::string_view("\r\n\0", 3)) != std::string_view::npos;
}

void add_line(std::string& head, std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
}

std::string lower_case(string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

}  // namespace

Result<std::string> request_head(const Request& request, std::string_view prefix, std::string_view host) {
  if (!request.path.starts_with('/') || request.path.find(' ') != std::string::npos || has_line_break(request.path))
    return fail(Error::Kind::invalid, "not a request path: " + request.path.substr(0, 100));
  std::string head;
  head.reserve(512);
  head.append(request.method).append(" ").append(prefix).append(request.path);
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    head.append(1, separator).append(percent_encode(name)).append("=").append(percent_encode(value));
    separator = '&';
  }
  head.append(" HTTP/1.1\r\n");
  add_line(head, "Host", host);
  add_line(head, "User-Agent", "slipway/" SLIPWAY_VERSION);
  for (const auto& [name, value] : request.headers) {
    if (has_line_break(name) || has_line_break(value) || name.find(':') != std::string::npos)
      return fail(Error::Kind::invalid, "header " + name.substr(0, 40) + " holds a line break");
    add_line(head, name, value);
  }
  if (!request.content_type.empty()) add_line(head, "Content-Type", request.content_type);
  if (request.source) {
    add_line(head, "Transfer-Encoding", "chunked");
  } else if (!request.body.empty() || request.method == "POST" || request.method == "PUT") {
    add_line(head, "Content-Length", std::to_string(request.body.size()));
  }
  head.append("\r\n");
  return head;
}

class ResponseParser::Impl final : public beast_http::basic_parser<false> {
 public:
  int code = 0;
  Headers fields;
  std::string* body = nullptr;

 private:
  void on_request_impl(beast_http::verb, string_view, string_view, int, error_code&) override {}
  void on_response_impl(int status, string_view, int, error_code&) override { code = status; }
  void on_field_impl(beast_http::field, string_view name, string_view value, error_code&) override {
    fields.emplace_back(lower_case(name), std::string(value));
  }
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, error_code&) override {}
  std::size_t on_body_impl(string_view bytes, error_code&) override {
    body->append(bytes);
    return bytes.size();
  }
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view bytes, error_code&) override {
    body->append(bytes);
    return bytes.size();
  }
  void on_finish_impl(error_code&) override {}
};

ResponseParser::ResponseParser(bool answers_head) : impl_(std::make_unique<Impl>()) {
  impl_->header_limit(max_head_bytes);
  impl_->body_limit(boost::none);
  impl_->skip(answers_head);
}
ResponseParser::~ResponseParser() = default;

Result<std::size_t> ResponseParser::put(std::span<const char> bytes, std::string& body) {
  impl_->body = &body;
  impl_->eager(impl_->is_header_done());
  error_code code;
  const std::size_t used = impl_->put(asio::const_buffer(bytes.data(), bytes.size()), code);
  if (code && code != beast_http::error::need_more)
    return fail(Error::Kind::protocol, "the answer is no HTTP: " + code.message());
  return used;
}

Result<void> ResponseParser::put_end() {
  error_code code;
  if (head_done()) impl_->put_eof(code);
  if (code || !head_done()) return fail(Error::Kind::unavailable, "the engine closed the connection in mid-answer");
  return {};
}

bool ResponseParser::head_done() const {
  return impl_->is_header_done();
}
bool ResponseParser::done() const {
  return impl_->is_done();
}
bool ResponseParser::keep_alive() const {
  return impl_->keep_alive();
}
int ResponseParser::status() const {
  return impl_->code;
}
const Headers& ResponseParser::headers() const {
  return impl_->fields;
}

}  // namespace slipway::docker
