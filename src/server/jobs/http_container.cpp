#include "server/jobs/http_container.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include <boost/algorithm/string/predicate.hpp>
#include <curl/curl.h>
#include <fmt/format.h>

#include "auth/random.hpp"

namespace capstan::server {
namespace {

namespace fs = std::filesystem;
using wrong = std::unexpected<std::string>;

constexpr curl_off_t size_max = 4LL << 30; // a million devices are half a gigabyte
constexpr long connect_seconds = 10, slow_seconds = 60;

struct closing {
    void operator()(std::FILE* file) const { std::fclose(file); }
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using file_handle = std::unique_ptr<std::FILE, closing>;

int give_up(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<const std::atomic<bool>*>(interrupted) ? 1 : 0;
}

/// https://host/container?sas in its parts.
struct address {
    std::string host, container, access;
};

std::optional<address> parse(const std::string& uri) {
    const auto begin = uri.find("://") + 3;
    const auto slash = uri.find('/', begin);
    const auto mark = uri.find('?', begin);
    if (slash == uri.npos || slash > mark || uri.contains('#') || uri.contains('@'))
        return std::nullopt;
    auto container = uri.substr(0, mark);
    while (container.ends_with('/'))
        container.pop_back();
    if (container.size() <= slash)
        return std::nullopt;
    return address{uri.substr(begin, slash - begin), std::move(container), mark == uri.npos ? "" : uri.substr(mark)};
}

class http_container final : public hub::blob_container {
public:
    http_container(address where, const config::jobs_section& rules, const fs::path& folder, const std::atomic<bool>& interrupted)
        : where_(std::move(where)), rules_(rules), file_(folder / ("." + auth::random_hex(8) + ".transfer")), interrupted_(interrupted) {}
    ~http_container() override {
        std::error_code ignored;
        fs::remove(file_, ignored);
    }

    std::string name() const override { return where_.container; }

    std::expected<fs::path, std::string> fetch(const std::string& blob) override {
        const file_handle file(std::fopen(file_.c_str(), "wb"));
        if (!file)
            return wrong("the hub cannot keep what it fetches");
        const auto handle = request_for(blob);
        curl_easy_setopt(handle.get(), CURLOPT_WRITEDATA, file.get());
        curl_easy_setopt(handle.get(), CURLOPT_MAXFILESIZE_LARGE, size_max);
        if (auto failed = perform(handle.get()); !failed.empty())
            return wrong(fmt::format("'{}' cannot be fetched: {}", blob, failed));
        if (std::fflush(file.get()) != 0)
            return wrong("the hub cannot keep what it fetches");
        return file_;
    }

    std::expected<fs::path, std::string> prepare(const std::string&) override { return file_; }

    std::expected<void, std::string> publish(const std::string& blob) override {
        const file_handle file(std::fopen(file_.c_str(), "rb"));
        std::error_code error;
        const auto size = fs::file_size(file_, error);
        if (!file || error)
            return wrong("what was made cannot be read");
        const auto handle = request_for(blob);
        const std::unique_ptr<curl_slist, closing> headers(
            curl_slist_append(curl_slist_append(nullptr, "x-ms-blob-type: BlockBlob"), "Expect:"));
        curl_easy_setopt(handle.get(), CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(handle.get(), CURLOPT_HTTPHEADER, headers.get());
        curl_easy_setopt(handle.get(), CURLOPT_READDATA, file.get());
        curl_easy_setopt(handle.get(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
        if (auto failed = perform(handle.get()); !failed.empty())
            return wrong(fmt::format("'{}' cannot be stored: {}", blob, failed));
        return {};
    }

private:
    std::unique_ptr<CURL, closing> request_for(const std::string& blob) const {
        std::unique_ptr<CURL, closing> handle(curl_easy_init());
        CURL* const raw = handle.get();
        curl_easy_setopt(raw, CURLOPT_URL, fmt::format("{}/{}{}", where_.container, blob, where_.access).c_str());
        curl_easy_setopt(raw, CURLOPT_PROTOCOLS_STR, "http,https"); // no redirect is followed
        curl_easy_setopt(raw, CURLOPT_USERAGENT, "capstan");
        if (rules_.storage_ca)
            curl_easy_setopt(raw, CURLOPT_CAINFO, rules_.storage_ca->c_str());
        curl_easy_setopt(raw, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(raw, CURLOPT_FAILONERROR, 1L);
        curl_easy_setopt(raw, CURLOPT_CONNECTTIMEOUT, connect_seconds);
        curl_easy_setopt(raw, CURLOPT_LOW_SPEED_LIMIT, 1L);
        curl_easy_setopt(raw, CURLOPT_LOW_SPEED_TIME, slow_seconds);
        curl_easy_setopt(raw, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(raw, CURLOPT_XFERINFOFUNCTION, give_up);
        curl_easy_setopt(raw, CURLOPT_XFERINFODATA, &interrupted_);
        return handle;
    }

    /// Says what went wrong; libcurl's own words would repeat the address, with what gives access.
    static std::string perform(CURL* handle) {
        const auto outcome = curl_easy_perform(handle);
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        if (outcome == CURLE_HTTP_RETURNED_ERROR || (outcome == CURLE_OK && status / 100 != 2))
            return fmt::format("the storage answered {}", status);
        return outcome == CURLE_OK ? "" : curl_easy_strerror(outcome);
    }

    const address where_;
    const config::jobs_section& rules_;
    const fs::path file_;
    const std::atomic<bool>& interrupted_;
};

} // namespace

bool is_http(const std::string& uri) { return boost::istarts_with(uri, "https://") || boost::istarts_with(uri, "http://"); }

std::expected<std::unique_ptr<hub::blob_container>, std::string> open_http_container(const std::string& uri,
                                                                                     const config::jobs_section& rules,
                                                                                     const fs::path& folder,
                                                                                     const std::atomic<bool>& interrupted) {
    auto where = parse(uri);
    if (!where)
        return wrong("it must be https://host/container?sas");
    if (std::ranges::none_of(rules.storage_hosts, [&](const std::string& each) { return boost::iequals(each, where->host); }))
        return wrong(fmt::format("the hub's operator has not listed '{}' in jobs.storage_hosts", where->host));
    std::error_code error;
    fs::create_directories(folder, error);
    if (error)
        return wrong("the folder of jobs cannot be used");
    return std::make_unique<http_container>(*std::move(where), rules, folder, interrupted);
}

} // namespace capstan::server
