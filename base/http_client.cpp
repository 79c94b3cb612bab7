#include "base/http_client.hpp"

#include <algorithm>
#include <memory>

#include <curl/curl.h>

#include "base/kill_point.hpp"
#include "base/late_library.hpp"
#include "base/text.hpp"

namespace slipway {
namespace {

constexpr std::size_t kMaxHeaderBytes = 256 << 10;
constexpr std::size_t kMaxHeaderLines = 1000;

/// The functions of libcurl that are used, by their names without the prefix.
struct CurlFunctions {
  decltype(curl_global_init)* global_init;
  decltype(curl_easy_init)* easy_init;
  decltype(curl_easy_cleanup)* easy_cleanup;
  decltype(curl_easy_setopt)* easy_setopt;
  decltype(curl_easy_perform)* easy_perform;
  decltype(curl_easy_getinfo)* easy_getinfo;
  decltype(curl_easy_strerror)* easy_strerror;
  decltype(curl_slist_append)* slist_append;
  decltype(curl_slist_free_all)* slist_free_all;
  decltype(curl_url)* url;
  decltype(curl_url_set)* url_set;
  decltype(curl_url_get)* url_get;
  decltype(curl_url_cleanup)* url_cleanup;
  decltype(curl_free)* free;
};

Result<CurlFunctions> load_curl() {
  const Result<LateLibrary> library = LateLibrary::load("libcurl.so.4", "install the package libcurl4");
  if (!library) return fail(library.error());
  CurlFunctions functions{};
  for (const Result<void>& found : {
           library->find("curl_global_init", functions.global_init),
           library->find("curl_easy_init", functions.easy_init),
           library->find("curl_easy_cleanup", functions.easy_cleanup),
           library->find("curl_easy_setopt", functions.easy_setopt),
           library->find("curl_easy_perform", functions.easy_perform),
           library->find("curl_easy_getinfo", functions.easy_getinfo),
           library->find("curl_easy_strerror", functions.easy_strerror),
           library->find("curl_slist_append", functions.slist_append),
           library->find("curl_slist_free_all", functions.slist_free_all),
           library->find("curl_url", functions.url),
           library->find("curl_url_set", functions.url_set),
           library->find("curl_url_get", functions.url_get),
           library->find("curl_url_cleanup", functions.url_cleanup),
           library->find("curl_free", functions.free),
       }) {
    if (!found) return fail(found.error());
  }
  functions.global_init(CURL_GLOBAL_DEFAULT);
  return functions;
}

/// Loaded by the first request: with the two dozen libraries that it links itself it would be half of what an idle
/// daemon holds (docs/decisions/0050-idle-memory.md).
const Result<CurlFunctions>& curl() {
  static const Result<CurlFunctions> loaded = load_curl();
  return loaded;
}

struct CurlFree {
  void operator()(CURL* handle) const { curl()->easy_cleanup(handle); }
  void operator()(curl_slist* list) const { curl()->slist_free_all(list); }
  void operator()(CURLU* url) const { curl()->url_cleanup(url); }
};
using Handle = std::unique_ptr<CURL, CurlFree>;
using HeaderList = std::unique_ptr<curl_slist, CurlFree>;

long millis(Duration time) {
  return static_cast<long>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

/// What libcurl's callbacks write into.
struct Transfer {
  const HttpRequest& request;
  HttpResponse response;
  CURL* handle;
  bool too_large = false;
  bool body_began = false;
  std::size_t header_bytes = 0;  ///< of all answers, trailers with them
  std::size_t header_lines = 0;
  bool too_many_headers = false;
};

/// libcurl bounds a head, but neither how many come before the last one nor the trailers behind a body in chunks.
bool headers_fit(Transfer& transfer, std::size_t size) {
  transfer.header_bytes += size;
  transfer.too_many_headers = ++transfer.header_lines > kMaxHeaderLines || transfer.header_bytes > kMaxHeaderBytes;
  return !transfer.too_many_headers;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (!headers_fit(transfer, size)) return 0;
  if (transfer.body_began) return size;  // a trailer
  std::string_view line(data, size);
  if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // a redirect or 100 was before this one
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name = lower_case(line.substr(0, colon));
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.front()))) value.remove_prefix(1);
  while (!value.empty() && std::isspace(static_cast<unsigned char>(value.back()))) value.remove_suffix(1);
  transfer.response.headers.emplace_back(std::move(name), value);
  return size;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  transfer.body_began = true;
  long status = 0;
  curl()->easy_getinfo(transfer.handle, CURLINFO_RESPONSE_CODE, &status);
  if (transfer.request.on_body && status >= 200 && status < 300) {
    return transfer.request.on_body(std::string_view(data, size)) ? size : 0;
  }
  if (transfer.response.body.size() + size > transfer.request.body_limit) {
    transfer.too_large = true;
    return 0;
  }
  transfer.response.body.append(data, size);
  return size;
}

int check_stop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Transfer*>(user)->request.stop.stop_requested() ? 1 : 0;
}

/// libcurl writes it into its header as it is: a line break would begin a header of its own.
Result<void> check_bearer(const Secret& bearer) {
  const std::string& token = bearer.reveal();
  const bool good = std::none_of(token.begin(), token.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!good) return fail(Error::Kind::invalid, "the token holds a character that is not allowed");
  return {};
}

Result<HeaderList> header_list(const HttpRequest& request) {
  HeaderList list;
  const auto add = [&](const std::string& line) { list.reset(curl()->slist_append(list.release(), line.c_str())); };
  for (const auto& [name, value] : request.headers) {
    if (name.find_first_of(":\r\n") != std::string::npos || value.find_first_of("\r\n") != std::string::npos) {
      return fail(Error::Kind::invalid, "header '" + name.substr(0, 40) + "' holds a character that is not allowed");
    }
    std::string line = name;
    line.append(": ").append(value);
    add(line);
  }
  add("Expect:");  // no 100-continue round trip
  return list;
}

Result<void> check_url(const std::string& text) {
  const std::unique_ptr<CURLU, CurlFree> url(curl()->url());
  if (curl()->url_set(url.get(), CURLUPART_URL, text.c_str(), 0) != CURLUE_OK) {
    return fail(Error::Kind::invalid, "'" + text.substr(0, 200) + "' is not a URL");
  }
  char* user = nullptr;
  if (curl()->url_get(url.get(), CURLUPART_USER, &user, 0) == CURLUE_OK) {
    curl()->free(user);
    return fail(Error::Kind::invalid, "a URL must not hold credentials", "give user and password apart from the URL");
  }
  return {};
}

void set_authentication(CURL* handle, const HttpRequest& request) {
  if (!request.bearer.empty()) {
    curl()->easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BEARER);
    curl()->easy_setopt(handle, CURLOPT_XOAUTH2_BEARER, request.bearer.reveal().c_str());
  } else if (!request.username.empty()) {
    curl()->easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
    curl()->easy_setopt(handle, CURLOPT_USERNAME, request.username.c_str());
    curl()->easy_setopt(handle, CURLOPT_PASSWORD, request.password.reveal().c_str());
  }
}

void set_method(CURL* handle, const HttpRequest& request) {
  if (request.method == "HEAD") {
    curl()->easy_setopt(handle, CURLOPT_NOBODY, 1L);
  } else if (request.method != "GET") {
    curl()->easy_setopt(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl()->easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    curl()->easy_setopt(handle, CURLOPT_POSTFIELDS, request.body.data());
  }
}

void set_limits(CURL* handle, const HttpRequest& request) {
  curl()->easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl()->easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl()->easy_setopt(handle, CURLOPT_REDIR_PROTOCOLS_STR, request.url.starts_with("https:") ? "https" : "http,https");
  curl()->easy_setopt(handle, CURLOPT_FOLLOWLOCATION, request.follow_redirects ? 1L : 0L);
  curl()->easy_setopt(handle, CURLOPT_MAXREDIRS, 5L);
  curl()->easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, millis(request.connect_timeout));
  curl()->easy_setopt(handle, CURLOPT_TIMEOUT_MS, millis(request.timeout));
  curl()->easy_setopt(handle, CURLOPT_TCP_KEEPALIVE, 1L);
  if (request.quiet_time.count() > 0) {
    curl()->easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl()->easy_setopt(handle, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.quiet_time.count()));
  }
  curl()->easy_setopt(handle, CURLOPT_USERAGENT, "slipway/" SLIPWAY_VERSION);
  if (!request.ca_file.empty()) curl()->easy_setopt(handle, CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.client_certificate.empty()) {
    curl()->easy_setopt(handle, CURLOPT_SSLCERT, request.client_certificate.c_str());
    curl()->easy_setopt(handle, CURLOPT_SSLKEY, request.client_key.c_str());
  }
  if (!request.verify) {
    curl()->easy_setopt(handle, CURLOPT_SSL_VERIFYPEER, 0L);
    curl()->easy_setopt(handle, CURLOPT_SSL_VERIFYHOST, 0L);
  }
  if (!request.unix_socket.empty()) curl()->easy_setopt(handle, CURLOPT_UNIX_SOCKET_PATH, request.unix_socket.c_str());
}

void set_callbacks(CURL* handle, Transfer& transfer) {
  curl()->easy_setopt(handle, CURLOPT_HEADERFUNCTION, take_header);
  curl()->easy_setopt(handle, CURLOPT_HEADERDATA, &transfer);
  curl()->easy_setopt(handle, CURLOPT_WRITEFUNCTION, take_body);
  curl()->easy_setopt(handle, CURLOPT_WRITEDATA, &transfer);
  curl()->easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, check_stop);
  curl()->easy_setopt(handle, CURLOPT_XFERINFODATA, &transfer);
  curl()->easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
}

Error transfer_error(CURLcode code, const Transfer& transfer, const char* detail) {
  const std::string what = transfer.request.method + " " + transfer.request.url + ": ";
  if (transfer.too_many_headers) return {Error::Kind::too_large, what + "the answer has too many headers"};
  if (transfer.too_large)
    return {Error::Kind::too_large,
            what + "the answer is over the limit of " + std::to_string(transfer.request.body_limit) + " bytes"};
  if (code == CURLE_ABORTED_BY_CALLBACK || code == CURLE_WRITE_ERROR) return {Error::Kind::cancelled, what + "stopped"};
  const std::string why = *detail ? detail : curl()->easy_strerror(code);
  if (code == CURLE_OPERATION_TIMEDOUT) return {Error::Kind::timeout, what + why};
  if (code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT) return {Error::Kind::invalid, what + why};
  if (code == CURLE_PEER_FAILED_VERIFICATION)
    return {Error::Kind::unauthorized, what + why, "give the CA that signed the server's certificate"};
  return {Error::Kind::unavailable, what + why};
}

/// "HEAD by HTTP manifests": the kind of request that a kill point is named after.
std::string deed_of(const HttpRequest& request) {
  const std::size_t path = request.url.find('/', request.url.find("//") + 2);
  const std::string_view rest = path == std::string::npos ? "" : std::string_view(request.url).substr(path);
  for (const std::string_view kind : {"manifests", "blobs", "statuses", "token"}) {
    if (rest.find(kind) != std::string_view::npos) return request.method + " by HTTP " + std::string(kind);
  }
  return request.method + " by HTTP";
}

}  // namespace

std::string HttpResponse::header(std::string_view lower_case_name) const {
  const auto found =
      std::find_if(headers.begin(), headers.end(), [&](const auto& h) { return h.first == lower_case_name; });
  return found == headers.end() ? std::string() : found->second;
}

Result<HttpResponse> send_http(const HttpRequest& request) {
  if (!curl()) return fail(curl().error());
  if (Result<void> good = check_url(request.url); !good) return fail(good.error());
  if (Result<void> good = check_bearer(request.bearer); !good) return fail(good.error());
  Result<HeaderList> headers = header_list(request);
  if (!headers) return fail(headers.error());
  HeaderList targets;
  if (!request.connect_to.empty()) targets.reset(curl()->slist_append(nullptr, ("::" + request.connect_to).c_str()));
  const Handle handle(curl()->easy_init());
  Transfer transfer{request, {}, handle.get()};
  char detail[CURL_ERROR_SIZE] = "";
  curl()->easy_setopt(handle.get(), CURLOPT_URL, request.url.c_str());
  curl()->easy_setopt(handle.get(), CURLOPT_ERRORBUFFER, detail);
  curl()->easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers->get());
  set_method(handle.get(), request);
  set_authentication(handle.get(), request);
  set_limits(handle.get(), request);
  set_callbacks(handle.get(), transfer);
  if (targets) curl()->easy_setopt(handle.get(), CURLOPT_CONNECT_TO, targets.get());
  if (kill_points_on()) kill_point(Side::before, deed_of(request));
  const CURLcode code = curl()->easy_perform(handle.get());
  if (kill_points_on()) kill_point(Side::after, deed_of(request));
  if (code != CURLE_OK) return fail(transfer_error(code, transfer, detail));
  long status = 0;
  curl()->easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status);
  transfer.response.status = static_cast<int>(status);
  const char* url = nullptr;
  curl()->easy_getinfo(handle.get(), CURLINFO_EFFECTIVE_URL, &url);
  if (url) transfer.response.url = url;
  return std::move(transfer.response);
}

awaitable<Result<HttpResponse>> send_http(Pool& pool, HttpRequest request) {
  if (Result<void> ready = pool.start(); !ready) co_return fail(ready.error());
  std::stop_source ended;
  const std::stop_callback passed_on(request.stop, [&ended] { ended.request_stop(); });
  request.stop = ended.get_token();
  auto work = [request = std::move(request)] { return send_http(request); };
  std::function<void()> unwanted = [&ended] { ended.request_stop(); };
  co_return co_await pool.run(std::move(work), std::move(unwanted));
}

std::string percent_encode(std::string_view text) {
  static constexpr char hex[] = "0123456789ABCDEF";
  std::string out;
  for (const unsigned char c : text) {
    if (std::isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += static_cast<char>(c);
    } else {
      out.append({'%', hex[c >> 4], hex[c & 15]});
    }
  }
  return out;
}

}  // namespace slipway
