#include "orchestrator/rollouts/file_grants.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace slipway::rollouts {
namespace {

constexpr std::size_t block = 512;

void put_octal(std::string& header, std::size_t at, std::size_t width, unsigned long value) {
  std::array<char, 24> digits{};
  std::snprintf(digits.data(), digits.size(), "%0*lo", static_cast<int>(width - 1), value);
  header.replace(at, width - 1, digits.data());
}

void add(std::map<std::string, std::string>& tars, const Target& target, const FileGrant& grant) {
  const auto slash = grant.target.rfind('/');
  const std::string folder = slash == 0 ? "/" : grant.target.substr(0, slash);
  const auto found = target.secrets.find(grant.source);
  if (found == target.secrets.end()) return;
  tars[folder] += tar_entry(grant, grant.target.substr(slash + 1), found->second.reveal());
}

}  // namespace

std::string tar_entry(const FileGrant& grant, const std::string& name, const std::string& content) {
  std::string header(block, '\0');
  header.replace(0, std::min<std::size_t>(name.size(), 100), name, 0, 100);
  put_octal(header, 100, 8, grant.mode);
  put_octal(header, 108, 8, static_cast<unsigned long>(grant.uid));
  put_octal(header, 116, 8, static_cast<unsigned long>(grant.gid));
  put_octal(header, 124, 12, content.size());
  put_octal(header, 136, 12, 0);
  header.replace(148, 8, 8, ' ');
  header[156] = '0';
  header.replace(257, 8, std::string("ustar\00000", 8));
  unsigned long sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put_octal(header, 148, 7, sum);
  header[154] = '\0';
  std::string entry = header + content;
  entry.resize((entry.size() + block - 1) / block * block, '\0');
  return entry;
}

Result<void> check_granted(const Target& target, const Service& service) {
  for (const auto* grants : {&service.secrets, &service.configs}) {
    for (const FileGrant& grant : *grants) {
      const auto lost = target.lost.find(grant.source);
      if (lost != target.lost.end()) return fail(Error::Kind::not_found, lost->second);
    }
  }
  return {};
}

std::map<std::string, std::string> granted_files(const Target& target, const Service& service) {
  std::map<std::string, std::string> tars;
  for (const FileGrant& grant : service.secrets) add(tars, target, grant);
  for (const FileGrant& grant : service.configs) add(tars, target, grant);
  for (auto& [folder, tar] : tars) tar.append(2 * block, '\0');
  return tars;
}

}  // namespace slipway::rollouts
