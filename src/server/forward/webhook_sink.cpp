#include "server/forward/webhook_sink.hpp"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <curl/curl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "hub/routing/document.hpp"

namespace capstan::server {
namespace {

constexpr long connect_seconds = 10;
constexpr long whole_seconds = 60; // of a request: the endpoint's other partitions wait as long

/// What the other side has to say is not of interest.
std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

/// Called about once a second while a request lasts.
int give_up(void* interrupted, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return *static_cast<const std::atomic<bool>*>(interrupted) ? 1 : 0;
}

bool refused_for_good(long status) { return status == 400 || status == 413 || status == 422; }

} // namespace

struct webhook_sink::request {
    CURL* handle = curl_easy_init();
    curl_slist* headers = nullptr;
    char error[CURL_ERROR_SIZE] = "";

    request() = default;
    request(const request&) = delete;
    request& operator=(const request&) = delete;
    ~request() {
        curl_slist_free_all(headers);
        curl_easy_cleanup(handle);
    }
    void add(const std::string& header) { headers = curl_slist_append(headers, header.c_str()); }
};

webhook_sink::webhook_sink(const hub::routing::endpoint& rules) : rules_(rules), request_(std::make_unique<request>()) {
    CURL* const handle = request_->handle;
    request_->add("Content-Type: application/json; charset=utf-8");
    request_->add("Expect:"); // no waiting for 100
    for (const auto& each : rules.headers)
        request_->add(each);
    curl_easy_setopt(handle, CURLOPT_URL, rules.url.c_str());
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, request_->headers);
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "capstan");
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L); // more threads than this one
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT, connect_seconds);
    curl_easy_setopt(handle, CURLOPT_TIMEOUT, whole_seconds);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, give_up);
    curl_easy_setopt(handle, CURLOPT_XFERINFODATA, &interrupted_);
    curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, request_->error);
    if (!rules.ca.empty())
        curl_easy_setopt(handle, CURLOPT_CAINFO, rules.ca.c_str());
}

webhook_sink::~webhook_sink() = default;

sink::delivered webhook_sink::deliver(store::partition_id partition, std::span<const store::event_view> events, wall_time) {
    std::size_t done = 0;
    std::size_t size = rules_.batch;
    while (done < events.size()) {
        const auto next = events.subspan(done, std::min(size, events.size() - done));
        const auto answered = post(next);
        if (answered.status / 100 == 2) {
            done += next.size();
        } else if (!refused_for_good(answered.status)) {
            return {done, answered.trouble};
        } else if (next.size() > 1) {
            size = next.size() / 2;
        } else {
            spdlog::warn("endpoint={} partition={} sequence={} is left out: {}", rules_.name, partition, next.front().sequence,
                         answered.trouble);
            ++done;
        }
    }
    return {done};
}

webhook_sink::answer webhook_sink::post(std::span<const store::event_view> events) {
    boost::json::array documents;
    for (const auto& each : events)
        documents.push_back(hub::routing::document_of(each));
    const std::string body = boost::json::serialize(documents);
    CURL* const handle = request_->handle;
    curl_easy_setopt(handle, CURLOPT_POSTFIELDS, body.data());
    curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
    request_->error[0] = '\0';
    const auto outcome = curl_easy_perform(handle);
    if (outcome != CURLE_OK)
        return {0, fmt::format("{}: {}", rules_.url, request_->error[0] != '\0' ? request_->error : curl_easy_strerror(outcome))};
    answer answered;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &answered.status);
    answered.trouble = fmt::format("{}: it answered {}", rules_.url, answered.status);
    return answered;
}

} // namespace capstan::server
