#include "server/certificates.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "server/files.hpp"
#include "server/x509.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto renewed_before = 24h * 30;
constexpr unsigned public_mode = 0644;
constexpr unsigned secret_mode = 0600;
constexpr unsigned public_folder_mode = 0755;

/// A certificate and the key that belongs to it.
struct identity {
    x509_ptr certificate;
    key_ptr key;
};

std::expected<identity, std::string> read_identity(const fs::path& certificate_file, const fs::path& key_file) {
    auto certificate = read_certificate(certificate_file);
    if (!certificate)
        return std::unexpected(certificate.error());
    auto key = read_key(key_file);
    if (!key)
        return std::unexpected(key.error());
    if (X509_check_private_key(certificate->get(), key->get()) != 1)
        return std::unexpected(
            fmt::format("the key {} does not belong to the certificate {}", key_file.string(), certificate_file.string()));
    return identity{*std::move(certificate), *std::move(key)};
}

/// The key first: if the second write fails, the next start sees no certificate and makes both anew.
std::expected<identity, std::string> write_identity(identity made, const fs::path& certificate_file, const fs::path& key_file) {
    if (auto written = write_whole_file(key_file, to_pem(*made.key), secret_mode); !written)
        return std::unexpected(written.error());
    if (auto written = write_whole_file(certificate_file, to_pem(*made.certificate), public_mode); !written)
        return std::unexpected(written.error());
    return made;
}

bool is_there(const fs::path& file) {
    std::error_code ignored;
    return fs::exists(file, ignored);
}

std::expected<void, std::string> check_dates(const fs::path& file, const X509& certificate, wall_time now) {
    if (valid_until(certificate) <= now)
        return std::unexpected(fmt::format("the certificate {} has expired", file.string()));
    if (valid_from(certificate) > now)
        return std::unexpected(fmt::format("the certificate {} is not valid yet", file.string()));
    return {};
}

std::vector<std::string> with_loopback(const std::vector<std::string>& hostnames) {
    std::vector<std::string> names;
    for (const auto& group : {hostnames, {"localhost", "127.0.0.1", "::1"}})
        for (const std::string& name : group)
            if (std::ranges::find(names, name) == names.end())
                names.push_back(name);
    return names;
}

/// The making of the hub's own certificate in its folder.
class own_certificate {
public:
    own_certificate(const fs::path& folder, const std::vector<std::string>& hostnames, wall_time now)
        : folder_(folder), names_(with_loopback(hostnames)), now_(now) {}

    std::expected<certificate_files, std::string> prepare() {
        std::error_code error;
        fs::create_directories(folder_, error);
        if (error)
            return std::unexpected(fmt::format("cannot make the folder {}: {}", folder_.string(), error.message()));
        fs::permissions(folder_, fs::perms(public_folder_mode), error); // whatever the umask is: clients read ca.pem
        if (auto ready = prepare_ca(); !ready)
            return std::unexpected(ready.error());
        if (auto ready = prepare_server(); !ready)
            return std::unexpected(ready.error());
        return std::move(files_);
    }

private:
    std::expected<void, std::string> prepare_ca() {
        if (!is_there(files_.ca.value()))
            return make_new_ca();
        auto ca = read_certificate(*files_.ca);
        if (!ca)
            return std::unexpected(ca.error());
        if (auto dates = check_dates(*files_.ca, **ca, now_); !dates)
            return std::unexpected(dates.error() +
                                   "; remove the folder to have a new one made, which all clients must then be told to trust");
        // The CA's key may have been taken away, to be kept elsewhere; one that is there must be good, or the next renewal fails.
        if (is_there(ca_key_))
            if (auto whole = read_identity(*files_.ca, ca_key_); !whole)
                return std::unexpected(whole.error());
        ca_ = *std::move(ca);
        return {};
    }

    std::expected<void, std::string> make_new_ca() {
        identity made;
        made.key = make_key();
        made.certificate = make_ca(*made.key, now_);
        auto written = write_identity(std::move(made), *files_.ca, ca_key_);
        if (!written)
            return std::unexpected(written.error());
        ca_ = std::move(written->certificate);
        files_.notes.push_back(fmt::format("made a CA for this hub: {}", files_.ca->string()));
        return {};
    }

    std::expected<void, std::string> prepare_server() {
        if (!is_there(files_.certificate))
            return make_new_server("there was none");
        const auto server = read_identity(files_.certificate, files_.key);
        if (!server)
            return std::unexpected(server.error());
        const std::string reason = reason_to_renew(*server->certificate);
        return reason.empty() ? std::expected<void, std::string>() : make_new_server(reason);
    }

    std::string reason_to_renew(const X509& server) const {
        if (!is_issued_by(server, *ca_))
            return "it was not issued by the hub's CA";
        if (valid_until(server) < now_ + renewed_before && valid_until(server) < valid_until(*ca_))
            return "it expires within 30 days";
        const auto missing = std::ranges::find_if_not(names_, [&](const std::string& name) { return has_name(server, name); });
        return missing == names_.end() ? "" : fmt::format("it lacks the name {}", *missing);
    }

    std::expected<void, std::string> make_new_server(const std::string& reason) {
        const auto ca = read_identity(*files_.ca, ca_key_);
        if (!ca)
            return std::unexpected(fmt::format("cannot make a certificate for the hub ({}): {}", reason, ca.error()));
        identity made;
        made.key = make_key();
        made.certificate = make_server_certificate(*made.key, issuer{*ca->certificate, *ca->key}, names_, now_);
        // The old certificate goes first: should this start be killed in between, the next one sees none and makes both anew.
        std::error_code ignored;
        fs::remove(files_.certificate, ignored);
        if (auto written = write_identity(std::move(made), files_.certificate, files_.key); !written)
            return std::unexpected(written.error());
        files_.notes.push_back(fmt::format("made a certificate for the hub, for {}: {}", reason, files_.certificate.string()));
        return {};
    }

    fs::path folder_;
    std::vector<std::string> names_;
    wall_time now_;
    fs::path ca_key_ = folder_ / "ca-key.pem";
    certificate_files files_{folder_ / "server.pem", folder_ / "server-key.pem", folder_ / "ca.pem", {}};
    x509_ptr ca_;
};

} // namespace

std::expected<certificate_files, std::string> prepare_own_certificate(const fs::path& folder, const std::vector<std::string>& hostnames,
                                                                      wall_time now) {
    return own_certificate(folder, hostnames, now).prepare();
}

std::expected<certificate_files, std::string> check_given_certificate(const fs::path& certificate, const fs::path& key,
                                                                      const std::optional<fs::path>& ca, wall_time now) {
    const auto given = read_identity(certificate, key);
    if (!given)
        return std::unexpected(given.error());
    if (auto dates = check_dates(certificate, *given->certificate, now); !dates)
        return std::unexpected(dates.error());
    if (ca)
        if (const auto read = read_certificate(*ca); !read)
            return std::unexpected(read.error());
    certificate_files files{certificate, key, ca, {}};
    if (valid_until(*given->certificate) < now + renewed_before)
        files.notes.push_back(fmt::format("the certificate {} expires within 30 days", certificate.string()));
    return files;
}

} // namespace capstan::server
