#pragma once
#include <chrono>
#include <functional>
#include <string>

namespace capstan {

/// Makes the shared access signature ("SharedAccessSignature sr=...&sig=...&se=...") that a client shows to the hub, so that the key
/// may stay where it is: in a TPM, a vault, another process. Called when a connection is made and before the last token ends, on the
/// client's strand: it must not block. What it throws counts as errc::unauthorized, and is tried again with the retry policy.
///
/// `resource`: what the token is to be good for, not yet percent-encoded, such as "hub.example.net/devices/pump-7". `life`: how long
/// it should last.
using token_provider = std::function<std::string(const std::string& resource, std::chrono::seconds life)>;

} // namespace capstan
