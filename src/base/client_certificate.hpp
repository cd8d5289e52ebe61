#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"

namespace capstan {

/// What a peer's TLS certificate says of it. That the peer has its key the handshake has shown.
struct client_certificate {
    std::string sha1, sha256; ///< of the certificate, hex, upper case
    std::string common_name;  ///< empty when it has none
    bool trusted = false;     ///< it leads to one of the authorities for devices, is in its time and not revoked

    std::uint64_t judged_by = 0; ///< number of the TLS context that said so
    /// Of one that is trusted, in DER, with what came along with it: to look at it again when authorities change.
    std::shared_ptr<const std::vector<bytes>> chain{};
};

} // namespace capstan
