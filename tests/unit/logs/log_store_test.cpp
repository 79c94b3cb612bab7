#include "orchestrator/logs/log_store.hpp"

#include <fstream>

#include <boost/asio/io_context.hpp>
#include <catch2/catch.hpp>
#include <stdlib.h>

#include "base/files.hpp"
#include "base/process.hpp"
#include "orchestrator/logs/capture.hpp"
#include "orchestrator/logs/segment.hpp"

using namespace slipway;
using namespace slipway::logs;
namespace fs = std::filesystem;
using namespace std::chrono_literals;

namespace {

const LogKey kKey(RunId(7), "unit.test.a1");

std::string line(int number) {
  std::string record;
  char time[40];
  std::snprintf(time, sizeof time, "2026-11-25T01:28:51.%09dZ", number);
  append_record(record, time, Stream::out, true, "line " + std::to_string(number));
  return record;
}

std::string lines(int from, int to) {
  std::string all;
  for (int i = from; i < to; ++i) all += line(i);
  return all;
}

std::string text_of(const LogChunk& chunk) {
  std::string text;
  for (const Record& record : chunk.records)
    append_record(text, record.time, record.stream, record.ends_line, record.text);
  return text;
}

/// A log store on a folder of its own, with an event loop to run calls on.
class Desk {
 public:
  Desk() : folder_(make_folder()), pool_(2), store(folder_, io.get_executor(), pool_) {}
  ~Desk() {
    run(store.close());
    fs::remove_all(folder_);
  }
  Desk(const Desk&) = delete;

  template <class T>
  T run(awaitable<T> work) {
    std::optional<T> value;
    asio::co_spawn(io, std::move(work), [&](std::exception_ptr e, T result) {
      if (e) std::rethrow_exception(e);
      value.emplace(std::move(result));
    });
    io.restart();
    while (!value && io.run_one_for(10s) > 0) {
    }
    REQUIRE(value);
    return std::move(*value);
  }
  void run(awaitable<void> work) {
    asio::co_spawn(io, std::move(work), [](std::exception_ptr e) {
      if (e) std::rethrow_exception(e);
    });
    io.restart();
    io.run();
  }
  std::unique_ptr<LogWriter> open(std::uint64_t committed = 0) {
    auto opened = run(store.open(kKey, committed));
    REQUIRE(opened);
    return std::move(*opened);
  }
  fs::path base() const { return folder_ / "7" / kKey.name; }

  asio::io_context io;

 private:
  static fs::path make_folder() {
    std::string name = (fs::temp_directory_path() / "slipway-logs-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    return name;
  }
  fs::path folder_;
  Pool pool_;

 public:
  LogStore store;
};

}  // namespace

TEST_CASE("a growing log reads back from any record on") {
  Desk desk;
  const auto writer = desk.open();
  REQUIRE(writer->append(lines(0, 100)));
  const auto all = desk.run(desk.store.read(kKey, 0, 1 << 20));
  REQUIRE(all);
  CHECK(all->records.size() == 100);
  CHECK(all->next == lines(0, 100).size());
  CHECK_FALSE(all->ended);
  const auto later = desk.run(desk.store.read(kKey, lines(0, 60).size(), 1 << 20));
  CHECK(text_of(*later) == lines(60, 100));
  const auto within = desk.run(desk.store.read(kKey, lines(0, 60).size() + 5, 1 << 20));
  CHECK(text_of(*within) == lines(61, 100));
  CHECK(within->offset == lines(0, 61).size());
}

TEST_CASE("a sealed log is compressed and its offsets stay the same") {
  Desk desk;
  const std::string content = lines(0, 60'000);  // several zstd frames
  {
    const auto writer = desk.open();
    REQUIRE(writer->append(content));
    REQUIRE(desk.run(writer->seal()));
  }
  desk.run(desk.store.close());
  CHECK(fs::exists(desk.base().string() + ".zst"));
  CHECK_FALSE(fs::exists(desk.base().string() + ".end"));
  CHECK(fs::file_size(desk.base().string() + ".zst") < content.size() / 4);
  std::string read;
  for (std::uint64_t at = 0;;) {
    const auto chunk = desk.run(desk.store.read(kKey, at, 100'000));
    REQUIRE(chunk);
    read += text_of(*chunk);
    at = chunk->next;
    if (chunk->ended) break;
  }
  CHECK(read == content);
  const auto late = desk.run(desk.store.read(kKey, lines(0, 59'990).size(), 1 << 20));
  CHECK(text_of(*late) == lines(59'990, 60'000));
  CHECK(late->ended);
}

TEST_CASE("what zstd itself unpacks is the log") {
  Desk desk;
  {
    const auto writer = desk.open();
    REQUIRE(writer->append(lines(0, 30'000)));
    REQUIRE(desk.run(writer->seal()));
  }
  desk.run(desk.store.close());
  ProcessSpec spec("zstd", {"-dcq", desk.base().string() + ".zst"});
  spec.output_limit = 16 << 20;
  const auto outcome = desk.run(run_process(std::move(spec)));
  REQUIRE(outcome);
  CHECK(outcome->output == lines(0, 30'000));
}

TEST_CASE("a log opened again is cut to what the journal vouches for") {
  Desk desk;
  {
    REQUIRE(desk.open()->append(lines(0, 10) + "2026-11-25T01:28:51.0000000"));
  }
  const std::uint64_t committed = lines(0, 8).size();
  const auto writer = desk.open(committed);
  CHECK(writer->size() == committed);
  CHECK(writer->first_time() == "2026-11-25T01:28:51.000000000Z");
  CHECK(writer->last_time() == "2026-11-25T01:28:51.000000007Z");
  REQUIRE(writer->append(lines(8, 12)));
  CHECK(text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20))) == lines(0, 12));
}

TEST_CASE("a log shorter than the journal says, a sealed one and a bad name can't be opened") {
  Desk desk;
  CHECK(desk.run(desk.store.open(kKey, 5)).error().kind == Error::Kind::internal);
  {
    REQUIRE(desk.run(desk.open()->seal()));
  }
  CHECK(desk.run(desk.store.open(kKey, 0)).error().kind == Error::Kind::conflict);
  for (const std::string name : {"", "..", ".x", "a/b", "a b", "../../etc/passwd"}) {
    CHECK(desk.run(desk.store.open(LogKey(RunId(7), name), 0)).error().kind == Error::Kind::invalid);
    CHECK(desk.run(desk.store.read(LogKey(RunId(7), name), 0, 1)).error().kind == Error::Kind::invalid);
  }
  CHECK(desk.run(desk.store.open(LogKey(RunId(), "x"), 0)).error().kind == Error::Kind::invalid);
}

TEST_CASE("a follower gets what is appended, and the end, from before the log exists") {
  Desk desk;
  std::string seen;
  bool ended = false;
  spawn(desk.io.get_executor(), "follower", [](LogStore& store, std::string& text, bool& done) -> awaitable<void> {
    for (std::uint64_t at = 0; !done;) {
      auto work = store.follow(kKey, at, 4096);
      const auto chunk = co_await std::move(work);
      if (!chunk) co_return;
      text += text_of(*chunk);
      at = chunk->next;
      done = chunk->ended;
    }
  }(desk.store, seen, ended));
  const auto writer = desk.open();
  for (int i = 0; i < 50; ++i) {
    REQUIRE(writer->append(line(i)));
    desk.io.restart();
    desk.io.poll();
  }
  REQUIRE(desk.run(writer->seal()));
  desk.io.restart();
  desk.io.run_for(2s);
  CHECK(ended);
  CHECK(seen == lines(0, 50));
}

TEST_CASE("a follower can be cancelled") {
  Desk desk;
  Tasks tasks(desk.io.get_executor());
  tasks.spawn("follower", [](LogStore& store) -> awaitable<void> {
    auto work = store.follow(kKey, 0, 4096);
    (void)co_await std::move(work);
  }(desk.store));
  desk.io.restart();
  desk.io.run_for(20ms);
  tasks.cancel();
  desk.run(tasks.join());
  CHECK(tasks.size() == 0);
}

TEST_CASE("the tail of a log is its last lines, of a compressed one, too") {
  Desk desk;
  const auto writer = desk.open();
  REQUIRE(writer->append(lines(0, 50'000)));
  std::string rest;
  append_record(rest, "2026-11-25T01:28:52.000000000Z", Stream::out, false, "no end");
  REQUIRE(writer->append(rest));
  const bool sealed = GENERATE(false, true);
  if (sealed) {
    REQUIRE(desk.run(writer->seal()));
    desk.run(desk.store.close());
  }
  const auto tail = desk.run(desk.store.tail(kKey, 3));
  REQUIRE(tail);
  CHECK(text_of(*tail) == lines(49'998, 50'000) + rest);
  CHECK(tail->offset == lines(0, 49'998).size());
  CHECK(tail->next == (lines(0, 50'000) + rest).size());
  CHECK(tail->ended == sealed);
  CHECK(desk.run(desk.store.tail(kKey, 0))->records.empty());
}

TEST_CASE("a log that a crash left complete but not compressed is compressed at the next start") {
  Desk desk;
  {
    REQUIRE(desk.open()->append(lines(0, 10)));
  }
  fs::rename(desk.base().string() + ".log", desk.base().string() + ".end");
  std::ofstream(desk.base().string() + ".zst.new") << "half";
  REQUIRE(desk.run(desk.store.recover()));
  CHECK_FALSE(fs::exists(desk.base().string() + ".end"));
  const auto chunk = desk.run(desk.store.read(kKey, 0, 1 << 20));
  CHECK(text_of(*chunk) == lines(0, 10));
  CHECK(chunk->ended);
}

TEST_CASE("an empty log that ended is read as ended") {
  Desk desk;
  {
    REQUIRE(desk.run(desk.open()->seal()));
  }
  desk.run(desk.store.close());
  const auto chunk = desk.run(desk.store.read(kKey, 0, 4096));
  REQUIRE(chunk);
  CHECK(chunk->records.empty());
  CHECK(chunk->ended);
}

TEST_CASE("a damaged compressed log is an error, not a crash") {
  Desk desk;
  fs::create_directories(desk.base().parent_path());
  std::ofstream(desk.base().string() + ".zst") << "this is not zstd at all";
  CHECK(desk.run(desk.store.read(kKey, 0, 4096)).error().kind == Error::Kind::internal);
  CHECK(desk.run(desk.store.tail(kKey, 5)).error().kind == Error::Kind::internal);
}

namespace {

std::string frame_text(int number) {
  std::string text = line(number);
  return text.substr(0, text.find(' ') + 1) + "line " + std::to_string(number) + "\n";
}

void pass(Capture& capture, int from, int to) {
  capture.begin_pass();
  for (int i = from; i < to; ++i) REQUIRE(capture.frame(Stream::out, frame_text(i)));
}

}  // namespace

TEST_CASE("a log read in several passes holds each byte once") {
  Desk desk;
  const auto none = std::make_shared<const MaskPatterns>(std::vector<Secret>{});
  const int first = GENERATE(0, 1, 7, 20);
  {
    Capture capture(desk.open(), none, 1 << 20);
    pass(capture, 0, first);
  }
  Capture capture(desk.open(lines(0, first / 2).size()), none, 1 << 20);
  pass(capture, 0, 15);
  pass(capture, 0, 20);
  REQUIRE(capture.end());
  CHECK_FALSE(capture.has_gap());
  CHECK(text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20))) == lines(0, 20));
  CHECK(capture.content_bytes() > 0);
}

TEST_CASE("a log whose start the Engine has dropped gets one visible gap and no line twice") {
  Desk desk;
  const auto none = std::make_shared<const MaskPatterns>(std::vector<Secret>{});
  {
    Capture capture(desk.open(), none, 1 << 20);
    pass(capture, 0, 10);
  }
  Capture capture(desk.open(lines(0, 10).size()), none, 1 << 20);
  const int oldest_kept = GENERATE(5, 50);
  pass(capture, oldest_kept, 60);
  REQUIRE(capture.end());
  CHECK(capture.has_gap());
  const std::string text = text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20)));
  CHECK(text.starts_with(lines(0, 10)));
  CHECK(text.ends_with(lines(std::max(10, oldest_kept), 60)));
  CHECK(text.find("slipway F a part of the output is missing here") == text.rfind("slipway F a part"));
}

TEST_CASE("a gap is told of once, however often the log is read again, and another one is told of, too") {
  Desk desk;
  const auto none = std::make_shared<const MaskPatterns>(std::vector<Secret>{});
  Capture capture(desk.open(), none, 1 << 20);
  pass(capture, 0, 10);
  const auto gaps = [&] {
    const std::string text = text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20)));
    int count = 0;
    for (auto at = text.find("slipway F a part"); at != std::string::npos; at = text.find("slipway F a part", at + 1)) {
      ++count;
    }
    return count;
  };
  for (const int end : {60, 60, 70}) {
    pass(capture, 50, end);
    CHECK(gaps() == 1);
  }
  pass(capture, 55, 80);  // the Engine has dropped more, of what is stored
  CHECK(gaps() == 1);
  pass(capture, 90, 95);
  CHECK(gaps() == 2);
  REQUIRE(capture.end());
  CHECK(text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20))).ends_with(lines(90, 95)));
}

TEST_CASE("a log that the Engine can't read to its end says where the rest is missing, and why") {
  Desk desk;
  const auto none = std::make_shared<const MaskPatterns>(std::vector<Secret>{});
  Capture capture(desk.open(), none, 1 << 20);
  pass(capture, 0, 3);
  CHECK_FALSE(capture.is_cut_off());
  REQUIRE(capture.cut_off("unexpected EOF"));
  CHECK(capture.is_cut_off());
  CHECK_FALSE(capture.has_gap());
  const std::string text = text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20)));
  CHECK(text.starts_with(lines(0, 3)));
  CHECK(text.ends_with("slipway F a part of the output is missing here: unexpected EOF\n"));
  capture.begin_pass();
  CHECK_FALSE(capture.is_cut_off());
}

TEST_CASE("a log over its limit says so once, however often it is read again") {
  Desk desk;
  const auto none = std::make_shared<const MaskPatterns>(std::vector<Secret>{});
  std::uint64_t size = 0;
  for (int sitting = 0; sitting < 3; ++sitting) {
    Capture capture(desk.open(size), none, 500);
    pass(capture, 0, 100);
    CHECK(capture.over_limit());
    size = capture.writer().size();
  }
  const std::string text = text_of(*desk.run(desk.store.read(kKey, 0, 1 << 20)));
  CHECK(text.find("over its limit") != std::string::npos);
  CHECK(text.find("over its limit") == text.rfind("over its limit"));
  CHECK(size < 700);
}

TEST_CASE("the first sync of a log is of its name, too, later ones are not") {
  Desk desk;
  const auto writer = desk.open();
  REQUIRE(writer->append(lines(0, 1)));
  const fs::path folder = desk.base().parent_path(), elsewhere = folder.string() + ".moved";
  fs::rename(folder, elsewhere);
  CHECK_FALSE(desk.run(writer->sync()));
  fs::rename(elsewhere, folder);
  CHECK(desk.run(writer->sync()).value() == lines(0, 1).size());
  REQUIRE(writer->append(lines(1, 2)));
  fs::rename(folder, elsewhere);
  CHECK(desk.run(writer->sync()));
}

TEST_CASE("a sync that a cut back overtakes vouches for nothing") {
  Desk desk;
  const auto writer = desk.open();
  REQUIRE(writer->append(lines(0, 100)));
  std::optional<Result<std::uint64_t>> synced;
  asio::co_spawn(desk.io, writer->sync(), [&](std::exception_ptr escaped, Result<std::uint64_t> result) {
    if (!escaped) synced.emplace(std::move(result));
  });
  desk.io.restart();
  desk.io.run_one();  // it has begun; that it is done is seen on this thread alone
  REQUIRE(writer->roll_back());
  while (!synced && desk.io.run_one_for(10s) > 0) {
  }
  REQUIRE(synced);
  REQUIRE_FALSE(*synced);
  CHECK(synced->error().kind == Error::Kind::unavailable);
  REQUIRE(writer->append(lines(0, 10)));
  CHECK(desk.run(writer->sync()).value() == lines(0, 10).size());
  CHECK(writer->unsynced() == 0);
}
