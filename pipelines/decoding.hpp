#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipelines/pipeline.hpp"
#include "pipelines/yaml_decoder.hpp"

namespace slipway::pipelines {

// The bounds of a file. docs/pipeline.md has them for users.
namespace bounds {
constexpr std::size_t jobs = 256;  // after the matrix is expanded
constexpr std::size_t images = 32;
constexpr std::size_t services = 32;
constexpr std::size_t parameters = 50;
constexpr std::size_t parameter_bytes = 1000;  // of a value, and of what describes it
constexpr std::size_t steps = 50;              // of a job
constexpr std::size_t commands = 200;          // of a step
constexpr std::size_t command_bytes = 16 * 1024;
constexpr std::size_t script_bytes = 32 * 1024;  // all commands of a step: they go through one argument
constexpr std::size_t variables = 200;
constexpr std::size_t value_bytes = 16 * 1024;
constexpr std::size_t needs = 64;
constexpr std::size_t tags = 20;
constexpr std::size_t patterns = 100;
constexpr std::size_t matrix_keys = 8;
constexpr std::size_t matrix_values = 64;  // of a key
}  // namespace bounds

/// What the decoders of the sections share while one file is read. Borrows.
struct Decoding {
  std::string_view source;
  Diagnostics& diagnostics;
  Scope scope;  ///< grows as parameters and images become known

  /// Reports a failed check as "`what` `text` <message>".
  bool check(const Result<void>& result, Position at, std::string_view what, std::string_view text) const;
};

/// How a text with expressions is read.
struct TemplateRule {
  TextRule text;
  bool script = false;        ///< goes into a shell: foreign text is refused
  bool built_images = false;  ///< `${{ images.x }}` is possible
};
std::optional<Template> read_template(const YamlNode& node, std::string_view what, const Decoding& decoding,
                                      const Scope& scope, TemplateRule rule = {});
/// A list of them; a single one is a list of one.
std::vector<Template> read_templates(const YamlNode& node, std::string_view what, std::size_t max_items,
                                     const Decoding& decoding, const Scope& scope, TemplateRule rule = {});
/// The value of an `if`.
std::optional<Expression> read_condition(const YamlNode& node, const Decoding& decoding, Scope scope);

NamedTexts read_env(const YamlNode& node, std::string_view what, const Decoding& decoding, const Scope& scope);
/// A list of names, or a map from variables to names.
std::vector<SecretUse> read_secrets(const YamlNode& node, std::string_view what, const Decoding& decoding);
/// A variable can't be both.
void check_variables_apart(const NamedTexts& env, const std::vector<SecretUse>& secrets, const YamlNode& at,
                           const Decoding& decoding);
std::optional<ImageChoice> read_image_choice(const YamlNode& node, std::string_view what, const Decoding& decoding,
                                             const Scope& scope);
Limits read_limits(const YamlNode& node, std::string_view what, const Decoding& decoding);
/// A name by `check_name`.
std::optional<std::string> read_name(const YamlNode& node, std::string_view what, const Decoding& decoding);
std::optional<std::string> read_path(const YamlNode& node, std::string_view what, const Decoding& decoding);

// The sections of the file.
Triggers decode_triggers(const YamlNode& node, const Decoding& decoding);
std::vector<Parameter> decode_parameters(const YamlNode& node, Decoding& decoding);
std::vector<ImageRecipe> decode_images(const YamlNode& node, Decoding& decoding);
std::vector<Service> decode_services(const YamlNode& node, const Decoding& decoding);
std::vector<JobRecipe> decode_jobs(const YamlNode& node, const Decoding& decoding);

/// The rows of a matrix, and its keys for the scope of its job.
struct Matrix {
  std::vector<std::string> keys;
  std::vector<MatrixRow> rows;
};
Matrix decode_matrix(const YamlNode& node, const Decoding& decoding);

// What a job does.
RunWork decode_run_work(MapReader& job, std::string_view name, const Decoding& decoding, const Scope& scope);
PushWork decode_push_work(const YamlNode& node, const Decoding& decoding, const Scope& scope);
DeployWork decode_deploy_work(const YamlNode& node, const Decoding& decoding, const Scope& scope);

}  // namespace slipway::pipelines
