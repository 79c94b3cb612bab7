#include "orchestrator/runs/naming.hpp"

#include "base/encoding.hpp"

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

std::string build_log(std::string_view image) {
  return "image." + slug(image) + ".a1";
}

std::string work_log(std::string_view job, int attempt) {
  return slug(job) + ".a" + std::to_string(attempt);
}

std::string AttemptName::container(std::string_view step) const {
  return "slip-" + instance + "-" + to_string(run) + "-" + slug(job) + "-" + slug(step) + "-a" +
         std::to_string(attempt);
}

std::string AttemptName::workspace() const {
  return "slip-" + instance + "-" + to_string(run) + "-" + slug(job) + "-a" + std::to_string(attempt);
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
