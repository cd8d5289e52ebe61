#pragma once
// The hub's TLS from its start to its end: made of files, and made anew when they change. New connections get the new one, live ones
// keep what they were made with. What cannot be used is logged, and changes nothing.

#include <cstdint>
#include <expected>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "net/tls_context.hpp"
#include "server/certificates.hpp"
#include "server/config.hpp"

namespace capstan::server {

/// Where the hub's certificates come from.
struct tls_sources {
    config::tls_section given;
    std::filesystem::path own_folder;   ///< where the hub makes its own when none is given
    std::vector<std::string> hostnames; ///< for its own
    std::string registered{};           ///< PEM: authorities for devices, beside those of the files
};

/// Used by one thread, which is none of the io threads: files may be slow. register_authorities() is for any thread.
class certificate_watch {
public:
    /// Makes what is missing, and loads all of it. The error names the file.
    static std::expected<std::unique_ptr<certificate_watch>, std::string> start(tls_sources sources, wall_time now);

    /// For the listeners; replaced by look().
    const net::current_tls& tls() const { return tls_; }
    /// As they were at the start.
    const certificate_files& files() const { return files_; }

    /// About once a second: a few stat(2). Files that have changed, and have been still from one look to the next (two files are not
    /// replaced at once), are loaded. `at_once`: somebody says that they have changed, and all are loaded now. Every hour the dates are
    /// looked at, and the hub's own certificate is renewed if it is time.
    void look(wall_time now, bool at_once);

    /// Other authorities for devices than so far, for connections that come from now on. No file is read.
    void register_authorities(std::string pem);
    /// Called after tls() has become another, on the thread that has changed it.
    std::function<void()> on_replaced;

private:
    /// What tells one content of a file from another: a file that is replaced has another inode, one that is rewritten another time.
    struct stamp {
        bool there = false;
        std::int64_t seconds = 0, nanoseconds = 0, size = 0;
        std::uint64_t inode = 0;
        bool operator==(const stamp&) const = default;
    };
    using stamps = std::vector<stamp>; ///< of watched()

    certificate_watch(tls_sources sources, certificate_files files, std::shared_ptr<const net::tls_context> first, wall_time now);

    std::vector<std::filesystem::path> watched() const;
    stamps stamps_now() const;
    void check(wall_time now);
    void load(wall_time now);
    void tell_trouble(const std::string& text);

    const tls_sources sources_;
    std::mutex mutex_; ///< of what follows, and of the order in which tls() is replaced
    std::string registered_; ///< authorities
    const certificate_files files_;
    net::current_tls tls_;
    stamps seen_; ///< at the last look
    stamps loaded_; ///< when they were loaded, or could not be
    wall_time checked_;
    std::string trouble_; ///< why they cannot be used; said once
    std::vector<std::string> notes_; ///< of the last check, likewise
};

} // namespace capstan::server
