#include "images/base_images.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.hpp"
#include "images/build_variables.hpp"
#include "images/dockerfile_lines.hpp"

namespace slipway::images {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kMostParts = 100'000;  // ARGs, flags and names of images
constexpr std::size_t kMostUnclearWords = 100;
constexpr std::size_t kLongestUnclearWord = 1000;  // bytes

/// At most ONBUILD, an instruction, all the parts that are looked at, and one more.
Words words_of(std::string_view text) {
  constexpr std::string_view space = " \t\r\v\f";
  Words words;
  for (auto begin = text.find_first_not_of(space); begin != std::string_view::npos && words.size() < kMostParts + 3;) {
    const auto end = std::min(text.find_first_of(space, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(space, end);
  }
  return words;
}

bool is_flag(const std::string& word) {
  return word.starts_with("--");
}

/// [a-z][a-z0-9-_.]*, in any case.
bool is_stage_name(std::string_view text) {
  const std::string name = lower_case(text);
  return !name.empty() && name[0] >= 'a' && name[0] <= 'z' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-_.") == std::string::npos;
}

/// In COPY --from, where builders that find no stage of that number fail.
bool is_stage_number(std::string_view text) {
  return text.size() < 10 && std::all_of(text.begin(), text.end(), is_digit);
}

class Collector {
 public:
  using Place = std::optional<std::size_t>;

  explicit Collector(const std::map<std::string, std::string>& arguments) : variables_(arguments) {}

  void instruction(Words words) {
    const std::string name = lower_case(words.front());
    words.erase(words.begin());
    if (name == "from") return stage(words);
    if (name == "arg" && !in_stage_) return declare(words);
    if (name == "onbuild") return trigger(std::move(words));
    flags(name, words);
  }

  /// Nothing more is read.
  [[nodiscard]] bool full() const { return parts_ > kMostParts; }

  /// What the stage starts from, by its place in `found`.
  [[nodiscard]] Place base_of(std::string_view target) const {
    const std::string name = lower_case(target);
    if (bases_.empty()) return std::nullopt;
    if (name.empty() || name == own_name_) return bases_.back();
    if (const auto stage = stages_.find(name); stage != stages_.end()) return stage->second;
    if (!is_stage_number(name)) return std::nullopt;
    const std::size_t number = std::stoul(name);
    return number < bases_.size() ? bases_[number] : std::nullopt;
  }

  std::vector<Reference> found;
  std::vector<std::string> unclear;

 private:
  void tell(std::string_view what) {
    if (unclear.size() < kMostUnclearWords) unclear.emplace_back(what.substr(0, kLongestUnclearWord));
  }

  /// False: it is one too many.
  bool count_part() {
    if (full()) return false;
    if (++parts_ <= kMostParts) return true;
    tell("more than 100000 ARGs, flags and names of images");
    return false;
  }

  void declare(const Words& words) {
    for (const std::string& word : words) {
      if (!count_part()) return;
      if (!variables_.declare(word)) tell(word);
    }
  }

  /// Of a stage that another of this Dockerfile starts from, it is carried out there.
  void trigger(Words words) {
    if (words.empty()) return;
    const std::string name = lower_case(words.front());
    static const std::set<std::string> harmless = {"add",        "cmd",         "copy",   "entrypoint", "env",
                                                   "expose",     "healthcheck", "label",  "run",        "shell",
                                                   "stopsignal", "user",        "volume", "workdir"};
    if (!harmless.contains(name)) tell(joined_words(words));
    words.erase(words.begin());
    flags(name, words);
  }

  void flags(const std::string& instruction, const Words& words) {
    for (const std::string& word : words) {
      if (is_flag(word)) {
        if (!count_part()) return;
        flag(word);
        continue;
      }
      const bool may_be_blank = word.front() <= ' ' || word.front() >= 127;  // for some builders: a flag may follow it
      const bool takes_images = instruction == "copy" || instruction == "run" || instruction == "add";
      if (may_be_blank && takes_images) tell(word);
      return;
    }
  }

  void flag(const std::string& word) {
    const std::string lower = lower_case(word);
    const bool variable = word.find('$') != std::string::npos && lower.find("from=") != std::string::npos;
    if (!is_plain(word) || variable) return tell(word);
    if (lower.starts_with("--from=") && !is_stage_number(word.substr(7))) add(word.substr(7));
    if (!lower.starts_with("--mount=")) return;
    mount(std::string_view(word).substr(8));
  }

  /// --mount=type=bind,from=image
  void mount(std::string_view fields) {
    while (!fields.empty() && !full()) {
      const std::string_view field = fields.substr(0, fields.find(','));
      fields.remove_prefix(std::min(field.size() + 1, fields.size()));
      if (lower_case(field.substr(0, 5)) == "from=") add(std::string(field.substr(5)));
    }
  }

  /// FROM [flags] image [AS name]. As long as the stage goes on, its name is an image's for some builders.
  void stage(const Words& words) {
    in_stage_ = true;
    if (!own_name_.empty()) stages_.insert_or_assign(std::exchange(own_name_, {}), bases_.back());
    const auto image = std::find_if_not(words.begin(), words.end(), is_flag);
    if (!std::all_of(words.begin(), image, is_plain)) tell(joined_words(words));
    if (image == words.end()) return tell(joined_words(words));
    const FilledText name = variables_.fill(*image);
    if (!name.clear) tell(*image);
    bases_.push_back(add(name.text.empty() ? *image : name.text));
    const auto count = words.end() - image;
    const bool named = count == 3 && lower_case(*(image + 1)) == "as" && is_stage_name(*(image + 2));
    if (named) own_name_ = lower_case(*(image + 2));
    if (!named && count != 1) tell(joined_words(words));
  }

  /// Where the image is in `found`, or the one that the stage of that name starts from.
  Place add(const std::string& name) {
    if (!count_part()) return std::nullopt;
    if (name.empty() || name == "scratch") return std::nullopt;
    if (const auto stage = stages_.find(lower_case(name)); stage != stages_.end()) return stage->second;
    Result<Reference> reference = parse_reference(name);
    if (!reference) {
      tell(name);
      return std::nullopt;
    }
    const auto [known, fresh] = known_.try_emplace(*reference, found.size());
    if (fresh) found.push_back(std::move(*reference));
    return known->second;
  }

  static std::string joined_words(const Words& words) {
    std::string all;
    for (const std::string& word : words) all += (all.empty() ? "" : " ") + word;
    return all;
  }

  BuildVariables variables_;
  std::map<Reference, std::size_t> known_;  // where it is in `found`
  std::map<std::string, Place> stages_;     // those that ended, and what they start from
  std::string own_name_;                    // of the one that goes on
  std::vector<Place> bases_;                // of all stages, in order
  bool in_stage_ = false;
  std::size_t parts_ = 0;
};

std::string made_visible(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string shown;
  for (const char c : text) {
    if (c >= ' ' && c < 127) {
      shown += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    shown += {'\\', 'x', digits[byte / 16], digits[byte % 16]};
  }
  return shown;
}

}  // namespace

BaseImages base_images(std::string_view dockerfile, const std::map<std::string, std::string>& arguments,
                       std::string_view target) {
  DockerfileLines lines = dockerfile_lines(dockerfile);
  Collector collector(arguments);
  for (const std::string& line : lines.instructions) {
    if (collector.full()) break;
    Words words = words_of(line);
    if (!words.empty()) collector.instruction(std::move(words));
  }
  BaseImages bases;
  const Collector::Place base = collector.base_of(target);
  bases.images = std::move(collector.found);
  for (const std::string& line : lines.unclear) bases.unclear.push_back(made_visible(line));
  for (const std::string& word : collector.unclear) bases.unclear.push_back(made_visible(word));
  const auto syntax = arguments.find("BUILDKIT_SYNTAX");
  bases.frontend = syntax == arguments.end() ? lines.frontend : syntax->second;
  if (base && bases.unclear.empty()) bases.base = bases.images[*base];
  return bases;
}

}  // namespace slipway::images
