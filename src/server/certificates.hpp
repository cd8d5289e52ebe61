#pragma once
// The hub's TLS certificate: the operator's own, or one of a private CA in the data folder that clients are told to trust.

#include <expected>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.hpp"

namespace capstan::server {

struct certificate_files {
    std::filesystem::path certificate; ///< PEM; the chain follows the hub's own if there is one
    std::filesystem::path key;         ///< PEM
    std::optional<std::filesystem::path> ca; ///< PEM; none: the operator's certificate without a word about its CA
    std::vector<std::string> notes;    ///< for the log: what was made, what is soon to expire
};

/// Makes ca.pem, ca-key.pem, server.pem and server-key.pem in `folder`, whatever of them is missing. The server's certificate is
/// made anew when it has less than 30 days left or does not hold all the names (and localhost, 127.0.0.1, ::1); the CA never is.
/// The error names the file that is corrupt, expired, unreadable or does not fit the others.
std::expected<certificate_files, std::string> prepare_own_certificate(const std::filesystem::path& folder,
                                                                      const std::vector<std::string>& hostnames, wall_time now);

/// Checks the operator's files.
std::expected<certificate_files, std::string> check_given_certificate(const std::filesystem::path& certificate,
                                                                      const std::filesystem::path& key,
                                                                      const std::optional<std::filesystem::path>& ca, wall_time now);

} // namespace capstan::server
