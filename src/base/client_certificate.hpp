#pragma once
#include <string>

namespace capstan {

/// What a peer's TLS certificate says of it. That the peer has its key the handshake has shown.
struct client_certificate {
    std::string sha1, sha256; ///< of the certificate, hex, upper case
    std::string common_name;  ///< empty when it has none
    bool trusted = false;     ///< it leads to one of the authorities for devices, is in its time and not revoked
};

} // namespace capstan
