#include "images/dockerignore.hpp"

#include <algorithm>

#include "images/ignore_pattern.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxFile = 256 << 10;
constexpr std::size_t kMaxLine = 64 << 10;
constexpr std::size_t kMaxPatterns = 1000;
constexpr std::size_t kCheckEvery = 16;  // patterns; one takes 10 ms at the very most

}  // namespace

IgnoreRules::IgnoreRules() = default;
IgnoreRules::IgnoreRules(IgnoreRules&&) noexcept = default;
IgnoreRules& IgnoreRules::operator=(IgnoreRules&&) noexcept = default;
IgnoreRules::~IgnoreRules() = default;

Result<IgnoreRules> IgnoreRules::parse(std::string_view text) {
  if (text.size() > kMaxFile) return fail(Error::Kind::too_large, "the ignore file is over 256 KiB");
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  IgnoreRules rules;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::string where = "line " + std::to_string(number);
    if (line.size() > kMaxLine) return fail(Error::Kind::too_large, where + " is over 64 KiB");
    if (line.starts_with('#')) continue;
    if (Result<void> added = rules.add(line); !added) return fail(added.error().in(where));
  }
  return rules;
}

Result<void> IgnoreRules::add(std::string_view line) {
  if (line.find_first_not_of(" \t\v\f\r") == std::string_view::npos) return {};
  if (patterns_.size() == kMaxPatterns) return fail(Error::Kind::too_large, "more than 1000 patterns");
  Result<IgnorePattern> pattern = IgnorePattern::parse(line);
  if (!pattern) return fail(pattern.error().in("'" + std::string(line.substr(0, 200)) + "'"));
  patterns_.push_back(std::move(*pattern));
  return {};
}

Result<IgnoreRules::Decision> IgnoreRules::decide(std::string_view path, const Decision& parent,
                                                  MatchTime& time) const {
  Decision decision;
  if (patterns_.empty()) return decision;
  time.begin_path();
  std::size_t tried = 0;
  decision.matched.resize(patterns_.size());
  for (std::size_t i = 0; i < patterns_.size(); ++i) {
    bool match = i < parent.matched.size() && parent.matched[i];
    if (!match) {
      // A pattern that can't change what is decided so far isn't tried, and counts as not matching for what is below.
      if (patterns_[i].negated() != decision.excluded) continue;
      if (++tried % kCheckEvery == 0) {
        if (Result<void> good = time.check(); !good) return fail(good.error());
      }
      match = patterns_[i].matches(path);
    }
    decision.matched[i] = match;
    if (match) decision.excluded = !patterns_[i].negated();
  }
  if (Result<void> good = time.end_path(); !good) return fail(good.error());
  return decision;
}

bool IgnoreRules::excludes(std::string_view path) const {
  MatchTime endless;
  Decision decision;
  for (std::size_t end = path.find('/'); end != std::string_view::npos; end = path.find('/', end + 1)) {
    decision = *decide(path.substr(0, end), decision, endless);
  }
  return decide(path, decision, endless)->excluded;
}

bool IgnoreRules::may_include_below(std::string_view path) const {
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [&](const IgnorePattern& p) { return p.negated() && p.may_match_below(path); });
}

}  // namespace slipway::images
