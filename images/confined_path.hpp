#pragma once
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "images/file_descriptor.hpp"

/// Opening what a pipeline file names, without ever leaving the checkout: no "..", no symbolic link on the way.
namespace slipway::images {

/// The parts of a relative path, "." and empty ones left out. Kind::invalid if it is absolute, has ".." in it or is
/// longer than 4096 bytes.
Result<std::vector<std::string>> path_parts(std::string_view path);
std::string join_parts(const std::vector<std::string>& parts);

/// Opens a folder the operator named; symbolic links are followed.
Result<FileDescriptor> open_folder(const std::filesystem::path& path);
/// Opens the folder that lies `parts` below `folder`. Kind::not_found, or Kind::invalid for a symbolic link or a file.
Result<FileDescriptor> open_folder(const FileDescriptor& folder, const std::vector<std::string>& parts);
/// Opens a regular file there for reading; the same errors.
Result<FileDescriptor> open_file(const FileDescriptor& folder, const std::vector<std::string>& parts);

/// All of an open file. More than `limit` bytes is Kind::too_large.
Result<std::string> read_all(const FileDescriptor& file, std::size_t limit);

}  // namespace slipway::images
