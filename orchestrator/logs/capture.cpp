#include "orchestrator/logs/capture.hpp"

namespace slipway::logs {
namespace {

constexpr std::string_view kMissing = "a part of the output is missing here: ";

}  // namespace

Capture::Capture(std::unique_ptr<LogWriter> writer, std::shared_ptr<const MaskPatterns> patterns, std::uint64_t limit)
    : writer_(std::move(writer)), patterns_(std::move(patterns)), limit_(limit) {
  begin_pass();
}

void Capture::begin_pass() {
  transcriber_.emplace(*patterns_, limit_);
  skip_ = writer_->size();
  first_of_pass_ = true;
  cut_off_ = false;
}

Result<void> Capture::frame(Stream stream, std::string_view payload) {
  transcriber_->frame(stream, payload);
  over_limit_ = over_limit_ || transcriber_->over_limit();
  return store(transcriber_->take());
}

Result<void> Capture::end() {
  transcriber_->end();
  over_limit_ = over_limit_ || transcriber_->over_limit();
  return store(transcriber_->take());
}

Result<void> Capture::cut_off(std::string_view why) {
  Result<void> ended = end();
  if (!ended) return ended;
  cut_off_ = true;
  Result<void> noted = writer_->note(std::string(kMissing).append(why));
  if (!noted) broken_ = noted.error();
  return noted;
}

Result<void> Capture::store(std::string records) {
  if (records.empty()) return {};
  if (std::exchange(first_of_pass_, false) && skip_ > 0) {
    const std::string time = records.substr(0, records.find(' '));
    if (time != writer_->first_time()) {
      // What a pass before has told of is between two records that are both stored.
      const bool told = has_gap_ && time <= writer_->last_time();
      has_gap_ = true;
      stored_until_ = writer_->last_time();
      std::string note;
      append_record(note, stored_until_, Stream::slipway, true,
                    std::string(kMissing) + "it came faster than it could be kept");
      Result<void> noted = told ? Result<void>() : append(note);
      if (!noted) return noted;
    }
  }
  if (has_gap_) return store_after_gap(records);
  const std::size_t known = std::min<std::uint64_t>(skip_, records.size());
  skip_ -= known;
  const std::string_view fresh = std::string_view(records).substr(known);
  return append(fresh);
}

Result<void> Capture::mend() {
  Result<void> back = writer_->roll_back();
  if (!back) return back;
  broken_.reset();
  over_limit_ = false;  // the next pass finds out again
  return back;
}

Result<void> Capture::append(std::string_view records) {
  if (broken_) return fail(*broken_);
  if (records.empty()) return {};
  Result<void> appended = writer_->append(records);
  if (!appended) broken_ = appended.error();
  return appended;
}

Result<void> Capture::store_after_gap(std::string_view records) {
  std::string fresh;
  while (auto record = take_record(records)) {
    if (record->time <= stored_until_) continue;
    append_record(fresh, record->time, record->stream, record->ends_line, record->text);
  }
  return append(fresh);
}

}  // namespace slipway::logs
