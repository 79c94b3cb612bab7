#pragma once
#include "base/clock.hpp"
#include "base/result.hpp"
#include "base/secret.hpp"
#include "orchestrator/triggers/source.hpp"

namespace slipway::triggers {

/// What a delivery has to prove that it knows, and how strict to be.
struct HookKey {
  Secret secret;                ///< the project's hook secret; an empty one verifies nothing
  bool allow_unsigned = false;  ///< take Bitbucket deliveries without a signature; a wrong one is still refused
};

/// How far a signed time may be from ours, in either direction.
inline constexpr Milliseconds replay_window = std::chrono::minutes(5);

/// Whether the message proves that its sender knows the secret, in time that depends on no secret. The proofs, all
/// over the raw body:
///  - github:    X-Hub-Signature-256: sha256=HMAC
///  - gitea:     X-Forgejo-Signature, else X-Gitea-Signature: HMAC, bare hex
///  - gitlab:    webhook-signature: v1,BASE64 over `id.timestamp.body` within the replay window; else X-Gitlab-Token
///  - bitbucket: X-Hub-Signature: sha256=HMAC
///  - generic:   X-Slipway-Signature: sha256=HMAC over `timestamp.body`, X-Slipway-Timestamp within the replay window
///  - distribution, harbor: Authorization holding the secret (bare, as Bearer or as Basic's password), else ?token=
///  - dockerhub: ?token=, since it signs nothing
/// A failure is Kind::unauthorized and says what was wrong, never what would have been right.
Result<void> verify(Source source, const HookMessage& message, const HookKey& key, Time now);

}  // namespace slipway::triggers
