#include "server/certificate_watch.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

namespace capstan::server {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;
using checked_files = std::expected<certificate_files, std::string>;

constexpr auto check_period = 1h;

std::vector<net::certificate_pair> more_of(const tls_sources& from) {
    std::vector<net::certificate_pair> all;
    for (std::size_t index = 0; index < from.given.more_certificates.size(); ++index)
        all.push_back({from.given.more_certificates[index], from.given.more_keys.at(index)});
    return all;
}

checked_files check_files(const tls_sources& from, wall_time now) {
    const bool given = from.given.certificate && from.given.key;
    auto files = given ? check_given_certificate(*from.given.certificate, *from.given.key, from.given.ca, now)
                       : prepare_own_certificate(from.own_folder, from.hostnames, now);
    for (const auto& [certificate, key] : more_of(from)) {
        if (!files)
            break;
        const auto more = check_given_certificate(certificate, key, std::nullopt, now);
        if (!more)
            return more;
        files->notes.insert(files->notes.end(), more->notes.begin(), more->notes.end());
    }
    return files;
}

/// While the hub runs, clients hold its CA: another is not made because the file is gone.
checked_files check_files_again(const tls_sources& from, const certificate_files& files, wall_time now) {
    std::error_code ignored;
    if (files.ca && !fs::exists(*files.ca, ignored))
        return std::unexpected(fmt::format("there is no {} any more", files.ca->string()));
    try {
        return check_files(from, now);
    } catch (const std::exception& fault) { // of OpenSSL itself
        return std::unexpected(std::string(fault.what()));
    }
}

std::expected<std::shared_ptr<const net::tls_context>, std::string> context_of(const tls_sources& from, const certificate_files& files,
                                                                               const std::string& registered) {
    const net::client_certificates devices{true, from.given.device_authorities, from.given.device_revocations, registered};
    return net::tls_context::for_server({files.certificate, files.key}, devices, more_of(from));
}

void log_notes(const certificate_files& files) {
    for (const auto& note : files.notes)
        spdlog::info("{}", note);
}

} // namespace

std::expected<std::unique_ptr<certificate_watch>, std::string> certificate_watch::start(tls_sources sources, wall_time now) {
    auto files = check_files(sources, now);
    if (!files)
        return std::unexpected(files.error());
    log_notes(*files);
    auto context = context_of(sources, *files, sources.registered);
    if (!context)
        return std::unexpected(context.error());
    return std::unique_ptr<certificate_watch>(new certificate_watch(std::move(sources), *std::move(files), *std::move(context), now));
}

certificate_watch::certificate_watch(tls_sources sources, certificate_files files, std::shared_ptr<const net::tls_context> first,
                                     wall_time now)
    : sources_(std::move(sources)), registered_(sources_.registered), files_(std::move(files)), tls_(std::move(first)), seen_(stamps_now()),
      loaded_(seen_), checked_(now) {}

void certificate_watch::look(wall_time now, bool at_once) {
    if (now - checked_ >= check_period || now < checked_) // the clock was set back
        check(now);
    auto found = stamps_now();
    const bool still = found == seen_;
    seen_ = std::move(found);
    if (at_once || (still && seen_ != loaded_))
        load(now);
}

/// What it makes is a file that has changed: the next looks load it.
void certificate_watch::check(wall_time now) {
    checked_ = now;
    const auto files = check_files_again(sources_, files_, now);
    if (!files)
        return tell_trouble(files.error());
    trouble_.clear();
    if (files->notes != std::exchange(notes_, files->notes)) // that one is soon to expire is not said every hour
        log_notes(*files);
}

void certificate_watch::load(wall_time now) {
    trouble_.clear(); // said again: somebody has tried something
    const auto files = check_files_again(sources_, files_, now);
    seen_ = loaded_ = stamps_now();
    if (!files)
        return tell_trouble(files.error());
    log_notes(*files);
    {
        const std::scoped_lock lock(mutex_);
        auto context = context_of(sources_, *files, registered_);
        if (!context)
            return tell_trouble(context.error());
        tls_.replace(*std::move(context));
    }
    if (on_replaced)
        on_replaced();
    spdlog::info("certificates loaded: new connections get {}", files->certificate.string());
}

void certificate_watch::register_authorities(std::string pem) {
    {
        const std::scoped_lock lock(mutex_);
        registered_ = std::move(pem);
        tls_.replace(tls_.get()->with_registered(registered_));
    }
    if (on_replaced)
        on_replaced();
}

void certificate_watch::tell_trouble(const std::string& text) {
    if (text != std::exchange(trouble_, text))
        spdlog::error("{}; connections get the certificate that was loaded before", text);
}

std::vector<fs::path> certificate_watch::watched() const {
    std::vector<fs::path> all{files_.certificate, files_.key};
    for (const auto& [certificate, key] : more_of(sources_))
        all.insert(all.end(), {certificate, key});
    for (const auto& given : {sources_.given.device_authorities, sources_.given.device_revocations})
        if (given)
            all.push_back(*given);
    return all;
}

certificate_watch::stamps certificate_watch::stamps_now() const {
    stamps all;
    for (const auto& file : watched()) {
        struct stat status{};
        stamp& now = all.emplace_back();
        if (::stat(file.c_str(), &status) == 0)
            now = {true, status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_size, status.st_ino};
    }
    return all;
}

} // namespace capstan::server
