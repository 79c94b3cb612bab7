#include "docker-client/build_classic.hpp"

namespace slipway::docker {
namespace {

constexpr std::string_view red = "\x1b[91m";
constexpr std::string_view plain = "\x1b[0m";
constexpr std::string_view built = "Successfully built ";

/// The builder's own words about a step, and no output of it.
bool is_remark(std::string_view text) {
  return text.starts_with(" ---> ") || text.starts_with("Removing intermediate container ") ||
         text.starts_with(built) || text.starts_with("Successfully tagged ");
}

/// "Step 2/3 : RUN make" → "[2/3] RUN make"; empty if it is no title.
std::string step_name(std::string_view text) {
  if (!text.starts_with("Step ")) return {};
  const std::size_t colon = text.find(" : ");
  const std::string_view place = text.substr(5, colon == std::string_view::npos ? 0 : colon - 5);
  if (place.empty() || place.find('/') == std::string_view::npos ||
      place.find_first_not_of("0123456789/") != std::string_view::npos) {
    return {};
  }
  return "[" + std::string(place) + "] " + std::string(text.substr(colon + 3));
}

}  // namespace

void ClassicProgress::add(std::string_view text) {
  const std::string name = step_name(text);
  if (!name.empty()) return begin(name);
  if (std::exchange(after_title_, false) && text == "\n") return;
  if (text == " ---> Using cache\n") cached_ = true;
  if (text.starts_with(built)) made_ = text.substr(built.size(), text.find('\n') - built.size());
  if (is_remark(text)) return;
  if (text.starts_with(red) && text.ends_with(plain)) {
    text = text.substr(red.size(), text.size() - red.size() - plain.size());
    return steps_.output(current_, LogStream::err, text);
  }
  steps_.output(current_, LogStream::out, text);
}

void ClassicProgress::begin(std::string_view title) {
  finish_step(cached_ ? BuildEvent::Outcome::cached : BuildEvent::Outcome::completed, {});
  current_ = steps_.add(std::string(title), true);
  cached_ = false;
  made_.clear();
  after_title_ = true;
  since_ = std::chrono::steady_clock::now();
  steps_.start(current_);
}

bool ClassicProgress::made(std::string_view image_id) const {
  return !made_.empty() && image_id.find(made_) != std::string_view::npos;
}

void ClassicProgress::finish_step(BuildEvent::Outcome outcome, std::string error) {
  const auto took = std::chrono::steady_clock::now() - since_;
  steps_.finish(current_, outcome, std::chrono::duration_cast<Milliseconds>(took), std::move(error));
}

void ClassicProgress::finish(const std::string& error) {
  const auto well = cached_ ? BuildEvent::Outcome::cached : BuildEvent::Outcome::completed;
  finish_step(error.empty() ? well : BuildEvent::Outcome::failed, error);
}

}  // namespace slipway::docker
