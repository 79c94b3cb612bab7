#include "orchestrator/runs/naming.hpp"

#include <algorithm>

#include "base/encoding.hpp"
#include "base/text.hpp"

namespace slipway::runs {
namespace {

constexpr std::size_t kLongestName = 60;

bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

}  // namespace

std::string slug(std::string_view key) {
  std::string text;
  for (const char c : key) text += is_plain(c) || c == '-' || c == '_' || c == '.' ? c : '-';
  if (text.empty() || !is_plain(text.front())) text.insert(text.begin(), 'x');
  if (text == key && text.size() <= kLongestName) return text;
  return text.substr(0, kLongestName - 9) + "-" + sha256_hex(key).substr(0, 8);
}

Result<void> check_image_labels(const Labels& labels, const std::string& image) {
  const auto own = std::find_if(labels.begin(), labels.end(), [](const auto& one) {
    const std::string& key = one.first;
    return key.starts_with("dev.slipway.") && key != label::kInstance && key != label::kProject && key != label::kImage;
  });
  if (own == labels.end()) return {};
  return fail(Error::Kind::forbidden, "image " + image + " has a label of slipway's own: " + own->first,
              "take it out of the Dockerfile");
}

std::string local_repository(std::string_view name) {
  return "localhost/slipway/" + lower_case(std::string(name));
}

bool is_local(const images::Reference& reference) {
  return reference.registry == "localhost" && reference.path.starts_with("slipway/");
}

std::string build_log(std::string_view image) {
  return "image." + slug(image) + ".a1";
}

std::string work_log(std::string_view job, int attempt) {
  return slug(job) + ".a" + std::to_string(attempt);
}

std::string plan_log() {
  return "plan";
}

std::string AttemptName::of_job(std::string_view part) const {
  return "slip-" + instance + "-" + to_string(run) + "-" + slug(job) + std::string(part) + "-a" +
         std::to_string(attempt);
}

std::string AttemptName::container(std::string_view step) const {
  return of_job("." + slug(step));
}

std::string AttemptName::anchor() const {
  return of_job("-net");
}

std::string AttemptName::workspace() const {
  return of_job("");
}

std::string AttemptName::log(std::string_view step) const {
  return slug(job) + "." + slug(step) + ".a" + std::to_string(attempt);
}

Labels AttemptName::labels(std::string_view step) const {
  Labels all = {{std::string(label::kInstance), instance},
                {std::string(label::kRun), to_string(run)},
                {std::string(label::kJob), job},
                {std::string(label::kAttempt), std::to_string(attempt)}};
  if (!step.empty()) all.emplace(label::kStep, step);
  return all;
}

}  // namespace slipway::runs
