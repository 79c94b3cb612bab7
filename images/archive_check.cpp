#include "images/archive_check.hpp"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include "images/tar_reader.hpp"

namespace slipway::images {
namespace {

constexpr std::size_t kMaxName = 4096;

tl::unexpected<Error> refuse(const std::string& name, const std::string& why) {
  return fail(Error::Kind::invalid, "archive entry '" + name.substr(0, 200) + "' " + why);
}

/// `name` without "." and empty parts. Kind::invalid if it is absolute, climbs, or is no name at all.
Result<std::string> clean_name(const std::string& name) {
  if (name.size() > kMaxName) return refuse(name, "has a name of more than 4096 bytes");
  if (name.starts_with('/')) return refuse(name, "has an absolute name");
  std::string clean;
  for (std::size_t at = 0; at < name.size();) {
    const auto end = std::min(name.find('/', at), name.size());
    const std::string_view part = std::string_view(name).substr(at, end - at);
    at = end + 1;
    if (part == "..") return refuse(name, "climbs out with '..'");
    if (part.empty() || part == ".") continue;
    clean.append(clean.empty() ? "" : "/").append(part);
  }
  return clean;
}

}  // namespace

/// Judges entries by what came before them.
class ArchiveCheck::Judge {
 public:
  explicit Judge(ArchiveLimits limits) : limits_(limits) {}

  Result<void> entry(const TarMember& member) {
    if (++entries_ > limits_.entries) {
      return fail(Error::Kind::too_large, "the archive has more than " + std::to_string(limits_.entries) + " entries");
    }
    const Result<std::string> name = clean_name(member.path);
    if (!name) return fail(name.error());
    if (Result<void> clear = below_no_link(member.path, *name); !clear) return clear;
    switch (member.type) {
      case '0':
      case '7':
        return leaf(member, *name);
      case '5':
        return folder(member, *name);
      case '1':
        return hard_link(member, *name);
      case '2':
        return symbolic_link(member, *name);
      case '3':
      case '4':
        return refuse(member.path, "is a device");
      case '6':
        return refuse(member.path, "is a pipe");
      default:
        return refuse(member.path, "is of a kind that is not allowed");
    }
  }

  [[nodiscard]] std::size_t entries() const { return entries_; }

 private:
  /// Fails if a part of `name` before its last one is a link.
  Result<void> below_no_link(const std::string& shown, const std::string& name) const {
    for (auto end = name.find('/'); end != std::string::npos; end = name.find('/', end + 1)) {
      if (links_.contains(name.substr(0, end))) return refuse(shown, "goes through a symbolic link");
    }
    return {};
  }

  Result<void> leaf(const TarMember& member, const std::string& name) {
    if (name.empty() || member.path.ends_with('/')) return refuse(member.path, "is a file with a folder's name");
    return {};  // a link of that name is replaced by it, but readers differ: it stays remembered
  }

  /// Unpacking a folder over a link leaves the link, in some readers.
  Result<void> folder(const TarMember& member, const std::string& name) {
    if (links_.contains(name)) return refuse(member.path, "goes through a symbolic link");
    return {};
  }

  Result<void> hard_link(const TarMember& member, const std::string& name) {
    if (name.empty()) return refuse(member.path, "is a link with a folder's name");
    const Result<std::string> target = clean_name(member.link);
    if (!target || target->empty())
      return refuse(member.path, "is a hard link to '" + member.link.substr(0, 200) + "'");
    if (Result<void> clear = below_no_link(member.path, *target); !clear) return clear;
    return links_.contains(*target) ? remember(name) : Result<void>();
  }

  Result<void> symbolic_link(const TarMember& member, const std::string& name) {
    if (name.empty()) return refuse(member.path, "is a link with a folder's name");
    if (member.link.empty() || member.link.size() > kMaxName) return refuse(member.path, "is a link to nowhere");
    return remember(name);
  }

  Result<void> remember(const std::string& link) {
    link_bytes_ += link.size() + 64;  // what a node of the set costs
    if (link_bytes_ > limits_.link_bytes) {
      return fail(Error::Kind::too_large, "the archive has too many symbolic links");
    }
    links_.insert(link);
    return {};
  }

  ArchiveLimits limits_;
  std::size_t entries_ = 0;
  std::size_t link_bytes_ = 0;
  std::set<std::string> links_;
};

namespace {

class CheckedSource final : public docker::ByteSource {
 public:
  CheckedSource(std::unique_ptr<docker::ByteSource> tar, ArchiveLimits limits) : tar_(std::move(tar)), check_(limits) {}

  awaitable<Result<std::string>> next() override {
    Result<std::string> piece = co_await tar_->next();
    if (!piece) co_return fail(piece.error());
    Result<void> good = piece->empty() ? check_.finish() : check_.feed(*piece);
    if (!good) co_return fail(good.error());
    co_return piece;
  }

 private:
  std::unique_ptr<docker::ByteSource> tar_;
  ArchiveCheck check_;
};

}  // namespace

ArchiveCheck::ArchiveCheck(ArchiveLimits limits)
    : judge_(std::make_unique<Judge>(limits)), reader_(std::make_unique<TarReader>()), left_(limits.bytes) {}
ArchiveCheck::ArchiveCheck(ArchiveCheck&&) noexcept = default;
ArchiveCheck& ArchiveCheck::operator=(ArchiveCheck&&) noexcept = default;
ArchiveCheck::~ArchiveCheck() = default;

Result<void> ArchiveCheck::feed(std::string_view bytes) {
  if (bytes.size() > left_) return fail(Error::Kind::too_large, "the archive is over its limit of bytes");
  left_ -= bytes.size();
  while (!bytes.empty()) {
    Result<std::optional<TarMember>> member = reader_->read(bytes);
    if (!member) return fail(member.error());
    if (!*member) continue;
    if (Result<void> good = judge_->entry(**member); !good) return good;
  }
  return {};
}

Result<void> ArchiveCheck::finish() {
  if (reader_->complete()) return {};
  return fail(Error::Kind::invalid, "the archive is cut off");
}

std::size_t ArchiveCheck::entries() const {
  return judge_->entries();
}

std::unique_ptr<docker::ByteSource> checked(std::unique_ptr<docker::ByteSource> tar, ArchiveLimits limits) {
  return std::make_unique<CheckedSource>(std::move(tar), limits);
}

}  // namespace slipway::images
