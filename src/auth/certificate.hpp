#pragma once
// Certificates as a registry of authorities looks at them: what they say, and whether somebody has an authority's key.

#include <expected>
#include <string>
#include <string_view>

#include "base/clock.hpp"

namespace capstan::auth {

struct certificate_facts {
    std::string pem;        ///< of the certificate alone, however it came
    std::string subject;    ///< RFC 2253
    std::string thumbprint; ///< SHA-1, hex, upper case, as Azure shows it
    wall_time valid_from{}, valid_until{};
    bool authority = false; ///< it may sign others
};

/// PEM; or the base64 text of PEM or DER, as Azure's tools send it. The error says what is wrong with it.
std::expected<certificate_facts, std::string> inspect_certificate(std::string_view text);

/// Proof of possession: a certificate in its time, signed by the authority, with the code as its common name (contract/semantics.md, 5.3).
std::expected<void, std::string> check_proof(const std::string& authority_pem, std::string_view proof, std::string_view code,
                                             wall_time now);

} // namespace capstan::auth
