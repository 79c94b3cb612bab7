#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "images/match_time.hpp"

namespace slipway::images {

class IgnorePattern;

/// What a .dockerignore leaves out, by the rules of moby's pattern matcher: the last pattern that matches decides, "!"
/// takes a path in again, a pattern matches everything below a folder it matches, "**" is any number of folders. A
/// comment is a line that begins with '#'. Patterns are relative to the context; a leading or trailing '/' means
/// nothing.
///
/// Paths are walked from the top: a folder's Decision is handed down to what is in it.
class IgnoreRules {
 public:
  /// What was decided about one path. Copying is cheap next to a system call.
  struct Decision {
    Decision() = default;
    bool excluded = false;
    std::vector<bool> matched;  ///< per pattern; what lies below inherits it
  };

  IgnoreRules();
  IgnoreRules(IgnoreRules&&) noexcept;
  IgnoreRules& operator=(IgnoreRules&&) noexcept;
  ~IgnoreRules();

  /// `text` is the file's. At most 256 KiB, 1000 patterns and 64 KiB a line (Kind::too_large); a pattern that is no
  /// pattern is Kind::invalid and names its line.
  static Result<IgnoreRules> parse(std::string_view text);

  /// One more pattern at the end, as if it were the file's last line.
  Result<void> add(std::string_view line);

  /// `path` is relative to the context, '/' between its parts. `parent` is the decision on the folder it is in;
  /// the default one for what is at the top. Fails with what `time` says.
  [[nodiscard]] Result<Decision> decide(std::string_view path, const Decision& parent, MatchTime& time) const;
  /// The same without having walked there, however long it takes.
  [[nodiscard]] bool excludes(std::string_view path) const;
  /// True if a "!" pattern may take in something below the folder `path`, which is excluded.
  [[nodiscard]] bool may_include_below(std::string_view path) const;
  [[nodiscard]] bool empty() const { return patterns_.empty(); }

 private:
  std::vector<IgnorePattern> patterns_;
};

}  // namespace slipway::images
