#pragma once

namespace slipway::cli {

class Session;

/// Says on stderr what the daemon lacks to do its work ("engine: …"), so that who looks at runs knows why they wait.
/// Nothing if it lacks nothing, or can't be asked.
void tell_notices(Session& session);

}  // namespace slipway::cli
