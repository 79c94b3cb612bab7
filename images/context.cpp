#include "images/context.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <stop_token>
#include <vector>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>

#include "images/confined_path.hpp"
#include "images/tar_stream.hpp"

namespace slipway::images {
namespace {

constexpr std::string_view kIgnoreFile = ".dockerignore";
constexpr std::size_t kMaxIgnoreFile = 256 << 10;
constexpr std::size_t kMaxDockerfile = 4 << 20;

using Parts = std::vector<std::string>;

/// A piece ahead of its reader. What reads ahead shares it, since it ends a moment after the reader has gone.
struct Ahead {
  Ahead(std::unique_ptr<TarStream> stream, std::stop_source unwanted, const Executor& executor)
      : tar(std::move(stream)), stop(std::move(unwanted)), ready(executor, asio::steady_timer::time_point::max()) {}
  std::unique_ptr<TarStream> tar;
  std::stop_source stop;
  std::optional<Result<std::string>> piece;
  asio::steady_timer ready;
};

awaitable<void> read_ahead(Pool& pool, std::shared_ptr<Ahead> ahead) {
  while (!ahead->piece) {
    auto work = [ahead] { return ahead->tar->next(); };
    auto reading = as_result(pool.run(std::move(work)));
    Result<std::string> piece = co_await std::move(reading);
    const bool nothing_yet = piece && piece->empty() && !ahead->tar->finished();
    if (!nothing_yet) ahead->piece = std::move(piece);  // else behind all who wait for the thread
  }
  ahead->ready.cancel();
}

class ContextSource final : public docker::ByteSource {
 public:
  ContextSource(Pool& pool, std::unique_ptr<TarStream> tar, std::stop_source stop, const Executor& executor)
      : pool_(pool), ahead_(std::make_shared<Ahead>(std::move(tar), std::move(stop), executor)) {}
  ContextSource(const ContextSource&) = delete;
  ~ContextSource() override { ahead_->stop.request_stop(); }

  awaitable<Result<std::string>> next() override {
    const Executor executor = co_await asio::this_coro::executor;
    if (!reading_) start(executor);
    while (!ahead_->piece) {
      boost::system::error_code ignored;
      co_await ahead_->ready.async_wait(asio::redirect_error(use_awaitable, ignored));
      const auto state = co_await asio::this_coro::cancellation_state;
      if (state.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(asio::error::operation_aborted);
      }
    }
    Result<std::string> piece = std::move(*ahead_->piece);
    if (piece && !piece->empty()) start(executor);
    co_return piece;
  }

 private:
  void start(const Executor& executor) {
    reading_ = true;
    ahead_->piece.reset();
    spawn(executor, "read build context", read_ahead(pool_, ahead_));
  }

  Pool& pool_;
  std::shared_ptr<Ahead> ahead_;
  bool reading_ = false;
};

/// Where things are, once looked for.
struct Found {
  Found() = default;
  FileDescriptor context;
  std::string dockerfile;  // in the tar
  std::string dockerfile_text;
  IgnoreRules rules;
  std::set<std::string> always;
  std::set<std::string> never;
  std::vector<ExtraFile> extras;
};

/// A file that need not be there; empty if it isn't.
Result<std::optional<std::string>> read_optional(const FileDescriptor& folder, const Parts& parts) {
  Result<FileDescriptor> file = open_file(folder, parts);
  if (!file && file.error().kind == Error::Kind::not_found) return std::optional<std::string>();
  if (!file) return fail(file.error());
  Result<std::string> text = read_all(*file, kMaxIgnoreFile);
  if (!text) return fail(text.error().in(parts.back()));
  return std::optional<std::string>(std::move(*text));
}

/// The path of `file` as seen from `folder`, if it is in there.
std::optional<std::string> path_inside(const Parts& folder, const Parts& file) {
  if (file.size() <= folder.size() || !std::equal(folder.begin(), folder.end(), file.begin())) return {};
  return join_parts({file.begin() + static_cast<std::ptrdiff_t>(folder.size()), file.end()});
}

/// Sends a Dockerfile from outside along, under a name that its content decides, and has the builder take it (and an
/// ignore file made for the purpose) out of the context again, as docker's command line does.
void bring_dockerfile(const std::optional<std::string>& ignore_text, Found& found) {
  found.dockerfile = ".dockerfile." + sha256_hex(found.dockerfile_text).substr(0, 20);
  std::string ignore = ignore_text.value_or(std::string(kIgnoreFile)) + "\n" + found.dockerfile + "\n";
  found.extras.emplace_back(found.dockerfile, found.dockerfile_text);
  found.extras.emplace_back(std::string(kIgnoreFile), std::move(ignore));
  found.never = {found.dockerfile, std::string(kIgnoreFile)};
}

/// Reads the ignore file that counts for this Dockerfile. `shared` becomes the text of the context's own.
Result<IgnoreRules> read_rules(const FileDescriptor& source, const FileDescriptor& context, const Parts& dockerfile,
                               std::optional<std::string>& shared) {
  Result<std::optional<std::string>> text = read_optional(context, {std::string(kIgnoreFile)});
  if (!text) return fail(text.error());
  shared = std::move(*text);
  Parts own_file = dockerfile;
  own_file.back() += kIgnoreFile;
  const Result<std::optional<std::string>> own = read_optional(source, own_file);
  if (!own) return fail(own.error());
  Result<IgnoreRules> rules = IgnoreRules::parse(own->has_value() ? **own : shared.value_or(""));
  if (!rules) return fail(rules.error().in(own->has_value() ? own_file.back() : std::string(kIgnoreFile)));
  return rules;
}

/// The Dockerfile's path below the checkout.
Result<Parts> dockerfile_parts(const ContextSpec& spec, const Parts& folder) {
  Result<Parts> parts = path_parts(spec.dockerfile);
  if (!parts) return fail(parts.error().in("Dockerfile"));
  if (!parts->empty()) return parts;
  Parts usual = folder;
  usual.emplace_back("Dockerfile");
  return usual;
}

Result<std::string> read_dockerfile(const FileDescriptor& source, const Parts& parts) {
  const Result<FileDescriptor> file = open_file(source, parts);
  if (!file) return fail(file.error());
  return read_all(*file, kMaxDockerfile);
}

Result<Found> find(const ContextSpec& spec) {
  const Result<FileDescriptor> source = open_folder(spec.source);
  if (!source) return fail(source.error());
  const Result<Parts> folder = path_parts(spec.directory);
  if (!folder) return fail(folder.error());
  const Result<Parts> dockerfile = dockerfile_parts(spec, *folder);
  if (!dockerfile) return fail(dockerfile.error());
  Result<FileDescriptor> context = open_folder(*source, *folder);
  if (!context) return fail(context.error());
  Result<std::string> text = read_dockerfile(*source, *dockerfile);
  if (!text) return fail(text.error().in("Dockerfile"));
  std::optional<std::string> shared_ignore;
  Result<IgnoreRules> rules = read_rules(*source, *context, *dockerfile, shared_ignore);
  if (!rules) return fail(rules.error());

  Found found;
  found.context = std::move(*context);
  found.rules = std::move(*rules);
  found.dockerfile_text = std::move(*text);
  if (const auto inside = path_inside(*folder, *dockerfile)) {
    found.dockerfile = *inside;
    found.always = {*inside, std::string(kIgnoreFile)};
  } else {
    bring_dockerfile(shared_ignore, found);
  }
  return found;
}

}  // namespace

awaitable<Result<BuildContext>> open_context(Pool& pool, ContextSpec spec) {
  if (Result<void> ready = pool.start(); !ready) co_return fail(ready.error());
  const ContextLimits limits = spec.limits;
  const std::string name = spec.directory;
  auto work = [spec = std::move(spec)] { return find(spec); };
  Result<Found> found = co_await pool.run(std::move(work));
  if (!found) co_return fail(found.error().in("build context '" + name + "'"));
  std::stop_source stop;
  TreeWalk walk(std::move(found->context), std::move(found->rules), std::move(found->always), std::move(found->never),
                limits, stop.get_token());
  auto tar = std::make_unique<TarStream>(std::move(walk), std::move(found->extras));
  const Executor executor = co_await asio::this_coro::executor;
  BuildContext context;
  context.dockerfile = std::move(found->dockerfile);
  context.dockerfile_text = std::move(found->dockerfile_text);
  context.summary = tar->summary();
  context.tar = std::make_unique<ContextSource>(pool, std::move(tar), std::move(stop), executor);
  co_return context;
}

}  // namespace slipway::images
