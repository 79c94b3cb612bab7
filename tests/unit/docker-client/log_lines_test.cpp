#include "docker-client/log_lines.hpp"

#include <catch2/catch.hpp>

using namespace slipway::docker;

namespace slipway::docker {
bool operator==(const LogLine& a, const LogLine& b) {
  return a.stream == b.stream && a.time == b.time && a.text == b.text && a.ends == b.ends;
}
std::ostream& operator<<(std::ostream& out, const LogLine& line) {
  return out << static_cast<int>(line.stream) << ' ' << line.time << " '" << line.text << "' " << line.ends;
}
}  // namespace slipway::docker

namespace {

constexpr auto t1 = "2026-11-25T01:28:51.123456789Z";
constexpr auto t2 = "2026-11-25T01:28:52.000000001Z";

std::vector<LogLine> drain(LineAssembler& lines) {
  std::vector<LogLine> all;
  while (auto line = lines.next()) all.push_back(std::move(*line));
  return all;
}

using Lines = std::vector<LogLine>;

}  // namespace

TEST_CASE("parts of a long line are put together, each stream for itself") {
  LineAssembler lines(false);
  lines.add({LogStream::out, "half of "});
  lines.add({LogStream::err, "other\n"});
  lines.add({LogStream::out, "a line\nnext\n"});
  CHECK(drain(lines) == Lines{{LogStream::err, "", "other", true},
                              {LogStream::out, "", "half of a line", true},
                              {LogStream::out, "", "next", true}});
}

TEST_CASE("the timestamp that each part of a long line carries appears once") {
  LineAssembler lines(true);
  const std::string part(16'384, 'x');
  lines.add({LogStream::out, std::string(t1) + " " + part});
  lines.add({LogStream::out, std::string(t1) + " " + part});
  lines.add({LogStream::out, std::string(t1) + " end\n"});
  lines.add({LogStream::out, std::string(t2) + " \n"});
  CHECK(drain(lines) == Lines{{LogStream::out, t1, part + part + "end", true}, {LogStream::out, t2, "", true}});
}

TEST_CASE("a last line without a newline comes out at the end, and says so") {
  LineAssembler lines(true);
  lines.add({LogStream::out, std::string(t1) + " done"});
  CHECK(drain(lines).empty());
  lines.finish();
  CHECK(drain(lines) == Lines{{LogStream::out, t1, "done", false}});
  lines.finish();
  CHECK(drain(lines).empty());
}

TEST_CASE("a line over the limit comes in parts and costs no more memory than that") {
  LineAssembler lines(true, 10);
  lines.add({LogStream::out, std::string(t1) + " 0123456789abc"});
  lines.add({LogStream::out, std::string(t1) + " def\n"});
  CHECK(drain(lines) == Lines{{LogStream::out, t1, "0123456789", false}, {LogStream::out, t1, "abcdef", true}});
}

TEST_CASE("text that only begins like a timestamp is left alone") {
  LineAssembler lines(true);
  lines.add({LogStream::out, "no time here\n"});
  CHECK(drain(lines) == Lines{{LogStream::out, "", "no time here", true}});
}

TEST_CASE("bytes that are not UTF-8, zeros and carriage returns pass unchanged") {
  LineAssembler lines(false);
  const std::string odd("\xff\0\r\x1b[31m\xc3", 9);
  lines.add({LogStream::out, odd + "\n"});
  CHECK(drain(lines) == Lines{{LogStream::out, "", odd, true}});
}
