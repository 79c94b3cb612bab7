#include "pipelines/yaml_reader.hpp"

#include <algorithm>
#include <sstream>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include "pipelines/source_text.hpp"
#include "pipelines/yaml_tree.hpp"

namespace slipway::pipelines {
namespace {

/// Passes yaml-cpp's events on, with positions in characters.
class Events final : public YAML::EventHandler {
 public:
  Events(const SourceText& source, YamlTree& tree, Diagnostics& diagnostics)
      : source_(source), tree_(tree), diagnostics_(diagnostics) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) {
      throw YamlRefused{place(mark), "a second document starts here", {}, "keep one document in a file"};
    }
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override { tree_.null(place(mark), anchor); }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override { tree_.alias(place(mark), anchor); }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    check_tag(mark, tag);
    tree_.scalar(place(mark), value, tag != "?", anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    tree_.begin(YamlNode::Kind::list, place(mark), anchor);
  }
  void OnSequenceEnd() override { tree_.end(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    check_tag(mark, tag);
    tree_.begin(YamlNode::Kind::map, place(mark), anchor);
  }
  void OnMapEnd() override { tree_.end(); }

  /// yaml-cpp counts bytes from 0, and gives no place at all for some errors: then the last event is near it.
  [[nodiscard]] Position place(const YAML::Mark& mark) const {
    if (mark.is_null() || mark.line < 0 || mark.column < 0) return tree_.last();
    return source_.position_of(
        source_.offset_of(static_cast<std::size_t>(mark.line), static_cast<std::size_t>(mark.column)));
  }

 private:
  void check_tag(const YAML::Mark& mark, const std::string& tag) {
    if (tag.empty() || tag == "?" || tag == "!") return;
    constexpr std::string_view core = "tag:yaml.org,2002:";
    const std::string written = tag.starts_with(core) ? "!!" + tag.substr(core.size()) : tag;
    diagnostics_.error(place(mark), fmt::format("YAML tags are not supported: `{}`", written), written,
                       "leave the tag out; put quotes around a value that must be a string");
  }

  const SourceText& source_;
  YamlTree& tree_;
  Diagnostics& diagnostics_;
  int documents_ = 0;
};

struct Explanation {
  std::string_view theirs;  // how yaml-cpp's message starts
  std::string_view ours;
  std::string_view help;
};
constexpr std::array<Explanation, 16> explanations{{
    {"end of map not found", "this does not fit the map above it",
     "check the indentation of this line and of those before it"},
    {"end of sequence not found", "this does not fit the list above it",
     "check the indentation; each item starts with `- `"},
    {"end of map flow not found", "a `{` is not closed",
     "add the `}`, or a comma between entries; `${{ }}` inside braces needs quotes"},
    {"end of sequence flow not found", "a `[` is not closed",
     "add the `]`, or a comma between items; `${{ }}` inside brackets needs quotes"},
    {"illegal map value", "a `: ` is not possible here", "put quotes around a value that contains `: `"},
    {"illegal map key", "a key is not possible here", "check the indentation"},
    {"illegal block entry", "a `- ` is not possible here", "start the list on a line of its own"},
    {"illegal tab", "a tab is used for indentation", "use spaces"},
    {"illegal EOF in scalar", "a quote is not closed", "add the closing quote"},
    {"illegal document indicator", "a quote is not closed before the document's end", "add the closing quote"},
    {"illegal flow end", "a `]` or `}` closes nothing", "remove it, or put quotes around the value"},
    {"unknown escape character", "unknown escape in a double-quoted string",
     "write `\\\\` for a backslash, or use single quotes"},
    {"the referenced anchor is not defined", "this alias has no anchor", "define it earlier in the file with `&name`"},
    {"unknown token", "this character can't start a value", "put quotes around the value"},
    {"unexpected character in block scalar", "unexpected text after `|` or `>`", "start the text on the next line"},
    {"bad file", "lists and maps are nested too deep", ""},
}};

/// The wording of a few frequent mistakes that the parser sees only by their consequences.
void explain(const YAML::ParserException& thrown, const Events& events, const YamlTree& tree, const SourceText& source,
             Diagnostics& diagnostics) {
  Position at = events.place(thrown.mark);
  const std::string_view line = source.line(static_cast<std::size_t>(at.line) - 1);
  const std::size_t indentation = line.find_first_not_of(" ");
  if (indentation != std::string_view::npos && line[indentation] == '\t') {
    diagnostics.error({at.line, static_cast<int>(indentation) + 1}, "a tab is used for indentation", "\t",
                      "use spaces");
    return;
  }
  const std::string_view said = thrown.msg;
  const auto* found = std::find_if(explanations.begin(), explanations.end(),
                                   [&](const Explanation& one) { return said.starts_with(one.theirs); });
  if (found == explanations.end()) {
    diagnostics.error(at, fmt::format("not valid YAML: {}", said), line.substr(std::min(line.size(), indentation)));
    return;
  }
  std::string message = fmt::format("not valid YAML: {}", found->ours);
  if (found->theirs.ends_with("flow not found") && tree.open() != nullptr && tree.open()->at.line < at.line) {
    message += fmt::format("; noticed in line {}", at.line);
    at = tree.open()->at;
  }
  diagnostics.error(at, std::move(message), {}, std::string(found->help));
}

bool readable(std::string_view text, const SourceText& source, Diagnostics& diagnostics, const YamlLimits& limits) {
  if (text.size() > limits.bytes) {
    diagnostics.error({}, fmt::format("the file has {} bytes; at most {} are read", text.size(), limits.bytes));
    return false;
  }
  const std::optional<std::size_t> bad = find_unreadable(text);
  if (!bad) return true;
  const auto byte = static_cast<unsigned char>(text[*bad]);
  const bool control = byte < 0x80 || (byte == 0xC2 && *bad + 1 < text.size() && (text[*bad + 1] & 0xC0) == 0x80);
  diagnostics.error(source.position_of(*bad),
                    byte < 0x80 ? fmt::format("the control character 0x{:02x} is not allowed", byte)
                    : control   ? "a control character is not allowed"
                                : fmt::format("the byte 0x{:02x} is not part of UTF-8 text", byte),
                    {}, control ? "remove it" : "save the file as UTF-8");
  return false;
}

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
  for (const YamlEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::optional<YamlNode> read_yaml(std::string_view text, Diagnostics& diagnostics, YamlLimits limits) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const SourceText source(text);
  if (!readable(text, source, diagnostics, limits)) return std::nullopt;

  const std::size_t errors_before = diagnostics.errors();
  YamlTree tree(diagnostics, limits);
  Events events(source, tree, diagnostics);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(events)) {
    }
  } catch (const YamlRefused& refused) {
    diagnostics.error(refused.at, refused.message, refused.text, refused.help);
  } catch (const YAML::ParserException& thrown) {
    explain(thrown, events, tree, source, diagnostics);
  }
  if (diagnostics.errors() != errors_before) return std::nullopt;
  return tree.take();
}

Position locate(std::string_view text, Position from, std::string_view needle, std::size_t skip) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const SourceText source(text);
  std::size_t at = text.find(needle, source.offset_of(from));
  for (; skip > 0 && at != std::string_view::npos; --skip) at = text.find(needle, at + needle.size());
  return at == std::string_view::npos ? from : source.position_of(at);
}

}  // namespace slipway::pipelines
