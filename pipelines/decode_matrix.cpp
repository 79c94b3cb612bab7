// `matrix`: one job for each combination of values.
#include <algorithm>

#include <fmt/format.h>

#include "pipelines/decoding.hpp"
#include "pipelines/names.hpp"

namespace slipway::pipelines {
namespace {
constexpr std::size_t longest_axis_value = 200;
const TextRule value_rule{longest_axis_value, false};

struct Axis {
  std::string key;
  std::vector<std::string> values;
};

std::vector<std::string> read_values(const YamlEntry& entry, const Decoding& decoding) {
  std::vector<std::string> values;
  const std::string what = fmt::format("`{}` of the matrix", entry.key);
  if (!entry.value.is_list() || entry.value.items.empty()) {
    decoding.diagnostics.error(entry.at, fmt::format("{} must be a list of values", what), entry.key,
                               fmt::format("write `{}: [one, two]`", entry.key));
    return values;
  }
  for (Placed& value : read_texts(entry.value, what, bounds::matrix_values, decoding.diagnostics, value_rule)) {
    if (value.text.find("${{") != std::string::npos) {
      decoding.diagnostics.error(value.at, "a matrix can't hold expressions", value.text, "write the values out");
    } else if (std::find(values.begin(), values.end(), value.text) != values.end()) {
      decoding.diagnostics.error(value.at, fmt::format("the value `{}` is there twice", value.text), value.text,
                                 "keep one");
    } else {
      values.push_back(std::move(value.text));
    }
  }
  return values;
}

/// The product, the last key turning fastest; nothing if there would be too many.
std::vector<MatrixRow> product(const std::vector<Axis>& axes, Position at, const Decoding& decoding) {
  std::size_t size = 1;
  for (const Axis& axis : axes) {
    size *= axis.values.size();
    if (size <= bounds::jobs) continue;
    decoding.diagnostics.error(at, fmt::format("the matrix makes more than {} jobs", bounds::jobs), "matrix",
                               "use fewer values");
    return {};
  }
  std::vector<MatrixRow> rows;
  if (!axes.empty()) rows.emplace_back();
  for (const Axis& axis : axes) {
    std::vector<MatrixRow> longer;
    for (const MatrixRow& row : rows) {
      for (const std::string& value : axis.values) longer.emplace_back(row)[axis.key] = value;
    }
    rows = std::move(longer);
  }
  return rows;
}

MatrixRow read_row(const YamlNode& node, std::string_view what, const Decoding& decoding) {
  MatrixRow row;
  for (const PlacedPair& pair : read_text_map(node, what, bounds::matrix_keys, decoding.diagnostics, value_rule)) {
    decoding.check(check_identifier(pair.key.text), pair.key.at, "the key", pair.key.text);
    row[pair.key.text] = pair.value.text;
  }
  return row;
}

bool row_matches(const MatrixRow& row, const MatrixRow& pattern) {
  return std::all_of(pattern.begin(), pattern.end(), [&](const auto& wanted) {
    const auto found = row.find(wanted.first);
    return found != row.end() && found->second == wanted.second;
  });
}

const YamlNode* list_of(const YamlNode& matrix, std::string_view key, const Decoding& decoding) {
  const YamlNode* node = matrix.find(key);
  if (node == nullptr) return nullptr;
  if (node->is_list() && node->items.size() <= bounds::jobs) return node;
  decoding.diagnostics.error(node->at,
                             node->is_list() ? fmt::format("`{}` has more than {} entries", key, bounds::jobs)
                                             : fmt::format("`{}` of the matrix must be a list of maps", key),
                             node->text, fmt::format("write `{}: [{{key: value}}]`", key));
  return nullptr;
}

void exclude(const YamlNode& node, const std::vector<std::string>& keys, std::vector<MatrixRow>& rows,
             const Decoding& decoding) {
  const std::vector<std::string_view> known(keys.begin(), keys.end());
  for (const YamlNode& item : node.items) {
    const std::size_t before = decoding.diagnostics.errors();
    const MatrixRow pattern = read_row(item, "an item of `exclude`", decoding);
    for (const YamlEntry& entry : item.entries) {
      if (std::find(keys.begin(), keys.end(), entry.key) == keys.end()) {
        decoding.diagnostics.error(entry.at, fmt::format("the matrix has no key `{}`", entry.key), entry.key,
                                   suggest(entry.key, known));
      }
    }
    if (decoding.diagnostics.errors() != before) continue;
    const std::size_t removed = std::erase_if(rows, [&](const MatrixRow& row) { return row_matches(row, pattern); });
    if (removed == 0)
      decoding.diagnostics.warning(item.at, "this excludes nothing", {}, "compare its values with those of the matrix");
  }
}

void include(const YamlNode& node, Matrix& matrix, const Decoding& decoding) {
  const std::vector<std::string> axes = matrix.keys;
  for (const YamlNode& item : node.items) {
    MatrixRow row = read_row(item, "an item of `include`", decoding);
    for (const std::string& key : axes) {
      if (item.is_map() && !row.contains(key)) {
        decoding.diagnostics.error(item.at, fmt::format("an item of `include` needs the key `{}`", key), {},
                                   "it is a row of its own, with a value for each key of the matrix");
      }
    }
    for (const YamlEntry& entry : item.entries) {
      if (std::find(matrix.keys.begin(), matrix.keys.end(), entry.key) == matrix.keys.end())
        matrix.keys.push_back(entry.key);
    }
    if (std::find(matrix.rows.begin(), matrix.rows.end(), row) != matrix.rows.end()) {
      decoding.diagnostics.error(item.at, "the matrix has this row already", {}, "remove it");
    }
    matrix.rows.push_back(std::move(row));
  }
}
}  // namespace

Matrix decode_matrix(const YamlNode& node, const Decoding& decoding) {
  Matrix matrix;
  if (!node.is_map()) {
    decoding.diagnostics.error(node.at, "`matrix` must be a map from keys to lists of values", node.text,
                               "write `matrix: {python: [\"3.11\", \"3.12\"]}`");
    return matrix;
  }
  const std::size_t errors_before = decoding.diagnostics.errors();
  std::vector<Axis> axes;
  for (const YamlEntry& entry : node.entries) {
    if (entry.key == "include" || entry.key == "exclude") continue;
    decoding.check(check_identifier(entry.key), entry.at, "the key", entry.key);
    axes.push_back(
        {entry.key, axes.size() < bounds::matrix_keys ? read_values(entry, decoding) : std::vector<std::string>()});
    matrix.keys.push_back(entry.key);
  }
  if (axes.size() > bounds::matrix_keys) {
    decoding.diagnostics.error(node.at, fmt::format("a matrix has at most {} keys", bounds::matrix_keys));
  }
  if (decoding.diagnostics.errors() != errors_before) return matrix;
  matrix.rows = product(axes, node.at, decoding);
  if (const YamlNode* list = list_of(node, "exclude", decoding)) exclude(*list, matrix.keys, matrix.rows, decoding);
  if (const YamlNode* list = list_of(node, "include", decoding)) include(*list, matrix, decoding);
  if (matrix.rows.empty() && decoding.diagnostics.errors() == errors_before) {
    decoding.diagnostics.error(node.at, "the matrix is empty, so the job would never run", {},
                               "list at least one value");
  }
  return matrix;
}

}  // namespace slipway::pipelines
