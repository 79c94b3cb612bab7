#include "cli/whole_tar.hpp"

#include <string>

#include <catch2/catch.hpp>
#include <sys/mman.h>
#include <unistd.h>

using namespace slipway::cli;

namespace {

/// A file without a name.
class TarFile {
 public:
  explicit TarFile(const std::string& content) : fd_(::memfd_create("tar", MFD_CLOEXEC)) { add(content); }
  TarFile(const TarFile&) = delete;
  ~TarFile() { ::close(fd_); }
  void add(const std::string& content) {
    REQUIRE(::write(fd_, content.data(), content.size()) == static_cast<ssize_t>(content.size()));
  }
  void add_hole(off_t size) {
    REQUIRE(::ftruncate(fd_, ::lseek(fd_, 0, SEEK_CUR) + size) == 0);
    ::lseek(fd_, 0, SEEK_END);
  }
  [[nodiscard]] bool whole() const { return tar_is_whole(fd_).value(); }

 private:
  int fd_;
};

std::string entry_head(char type, const std::string& octal_size) {
  std::string head(512, '\0');
  head.replace(0, 4, "name");
  head.replace(124, octal_size.size(), octal_size);
  head[156] = type;
  return head;
}

const std::string ending(1024, '\0');

}  // namespace

TEST_CASE(
    "a tar is whole with its two blocks of zeros, and cut off anywhere it is not, though its contents are zeros") {
  const std::string tar = entry_head('0', "00000002003") + std::string(1536, '\0') + entry_head('0', "00000000002") +
                          "ab" + std::string(510, '\0') + ending;
  CHECK(TarFile(tar).whole());
  CHECK(TarFile(tar + std::string(8192, '\0')).whole());
  for (std::size_t size = 0; size < tar.size(); size += 256) {
    CAPTURE(size);
    CHECK_FALSE(TarFile(tar.substr(0, size)).whole());
  }
  CHECK_FALSE(TarFile("not a tar at all" + std::string(2000, 'x')).whole());
}

TEST_CASE("the end of a tar is found behind a content whose size only a pax header can say") {
  const std::string record = "19 size=9000000000\n";
  TarFile file(entry_head('x', "00000000023") + record + std::string(512 - record.size(), '\0') +
               entry_head('0', "00000000000"));
  file.add_hole(9'000'000'000);
  CHECK_FALSE(file.whole());
  file.add(ending);
  CHECK(file.whole());
}
