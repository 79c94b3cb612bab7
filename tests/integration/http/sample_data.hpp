#pragma once
#include "tests/integration/http/live_server.hpp"

namespace slipway::http {

/// A project "shop" with a finished run that built an image, ran a job of one step and pushed, each with a log; a run
/// from a webhook with its delivery; and a secret: something in every kind of record.
struct SampleData {
  explicit SampleData(LiveServer& live);
  ProjectId project;
  RunId finished;
  RunId queued;
  DeliveryId delivery;
};

/// The present time in seconds, as the `generic` webhook is stamped.
std::int64_t stamp_now(const LiveServer& live);
/// A webhook of the `generic` kind, signed as `live`'s projects want it.
HttpResponse post_hook(LiveServer& live, const std::string& project, const std::string& body, std::int64_t stamp);

/// Adds lines to a log, and ends it if asked to.
void write_log(LiveServer& live, RunId run, const std::string& name, const std::vector<std::string>& lines, bool end);

}  // namespace slipway::http
