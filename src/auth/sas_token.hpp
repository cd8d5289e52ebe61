#pragma once
// Shared access signatures: "SharedAccessSignature sr=..&sig=..&se=..[&skn=..]". contract/iothub-amqp.md, 4.5;
// contract/event-hubs.md, 2.4; contract/semantics.md, 5.2.

#include <expected>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/clock.hpp"

namespace capstan::auth {

/// A token still counts for this long after it has expired (contract/iothub-amqp.md, 4.5).
constexpr auto clock_skew = std::chrono::minutes(5);

/// No client makes longer ones; more would be work for nothing.
constexpr std::size_t max_token_size = 8 * 1024;

struct sas_token {
    std::string resource;    ///< sr exactly as it was sent: the signature is over this text. Read it with parse_scope()
    std::string expiry_text; ///< se exactly as it was sent
    wall_time expires{};     ///< what se means; at most the end of the year 9999
    bytes signature;         ///< sig, decoded: 32 bytes
    std::string policy;      ///< skn, decoded; empty: signed with a device's key

    bool expired(wall_time now) const { return now > expires + clock_skew; }
};

/// Whether a text claims to be a SAS token (and not a JSON web token, say). Decide by this, never by put-token's `type`.
bool is_sas_token(std::string_view text);

/// Fields in any order, their names in any case, unknown ones ignored. The error is for the log and the peer: it quotes nothing.
std::expected<sas_token, std::string> parse_sas_token(std::string_view text);

/// HMAC-SHA256 over resource "\n" expiry_text. A key (base64 text) counts in both forms in which clients use it: its bytes
/// (IoT Hub) and its text (Event Hubs). An empty key signs nothing. Constant time.
bool signed_by(const sas_token& token, std::string_view key);

/// A token as IoT Hub's SDKs make it. `resource` is percent-encoded here; an empty `policy` leaves skn out.
std::string make_sas_token(std::string_view resource, std::string_view key_base64, std::string_view policy, wall_time expires);

} // namespace capstan::auth
