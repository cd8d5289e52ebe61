// /jobs: import and export of all devices. contract/rest.md, section 8.

#include "hub/jobs/registry_jobs.hpp"

#include <algorithm>

#include "auth/ascii.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/conditions.hpp"

namespace capstan::http {
namespace {

namespace json = boost::json;
using hub::registry_job;
using order = hub::registry_jobs::order;

std::string_view name_of(registry_job::state status) {
    switch (status) {
    case registry_job::state::enqueued: return "enqueued";
    case registry_job::state::running: return "running";
    case registry_job::state::completed: return "completed";
    case registry_job::state::failed: return "failed";
    case registry_job::state::cancelled: return "cancelled";
    }
    return "unknown";
}

json::value text_or_null(const std::string& text) { return text.empty() ? json::value() : json::value(text); }
json::value time_or_null(wall_time time) { return time == wall_time() ? json::value() : json::value(hub::iso_time(time)); }

json::object to_json(const registry_job& job) {
    return {{"jobId", job.id},
            {"type", job.what == registry_job::kind::import ? "import" : "export"},
            {"status", name_of(job.status)},
            {"progress", job.progress},
            {"startTimeUtc", time_or_null(job.started)},
            {"endTimeUtc", time_or_null(job.ended)},
            {"failureReason", text_or_null(job.failure)},
            {"inputBlobContainerUri", text_or_null(job.input_container)},
            {"outputBlobContainerUri", text_or_null(job.output_container)},
            {"inputBlobName", text_or_null(job.input_blob)},
            {"outputBlobName", text_or_null(job.output_blob)},
            {"excludeKeysInExport", job.without_keys}};
}

// --- What is asked for: the errors are for the client, who may not have what a container's uri gives access to repeated -----------

using wrong = std::unexpected<std::string>;

std::string text(const json::object& body, std::string_view name) {
    const auto* found = body.if_contains(name);
    return found && found->is_string() ? std::string(found->as_string()) : std::string();
}

bool flag(const json::object& body, std::string_view name) {
    const auto* found = body.if_contains(name);
    return found && found->is_bool() && found->as_bool();
}

/// A blob's name is a file's, where the container is a folder.
std::expected<std::string, std::string> blob_name(const json::object& body, std::string_view member, std::string usual) {
    auto name = text(body, member);
    if (name.empty())
        return usual;
    const auto fits = [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '.' || c == '_'; };
    if (name.size() > 200 || name.front() == '.' || !std::ranges::all_of(name, fits))
        return wrong(std::string(member) + " must be letters, digits, '-', '.' or '_', at most 200, no '.' first.");
    return name;
}

std::expected<std::unique_ptr<hub::blob_container>, std::string> container(const hub::registry_jobs& jobs, const json::object& body,
                                                                           std::string_view member) {
    const auto uri = text(body, member);
    if (uri.empty())
        return wrong(std::string(member) + " is missing.");
    auto opened = jobs.open ? jobs.open(uri) : wrong("there are no jobs here");
    if (!opened)
        return wrong(std::string(member) + ": " + opened.error());
    return opened;
}

std::expected<order, std::string> read_order(const hub::registry_jobs& jobs, const json::object& body) {
    order wanted;
    const auto type = text(body, "type");
    const bool import = auth::equal_ignoring_case(type, "import");
    if (!import && !auth::equal_ignoring_case(type, "export"))
        return wrong("type must be import or export.");
    if (auth::equal_ignoring_case(text(body, "storageAuthenticationType"), "identityBased") || flag(body, "includeConfigurations"))
        return wrong("storageAuthenticationType identityBased and includeConfigurations are not there.");
    wanted.job.what = import ? registry_job::kind::import : registry_job::kind::export_;
    wanted.job.without_keys = flag(body, "excludeKeysInExport");
    auto input_blob = import ? blob_name(body, "inputBlobName", "devices.txt") : std::string();
    auto output_blob = blob_name(body, "outputBlobName", import ? "importErrors.log" : "devices.txt");
    for (const auto* each : {&input_blob, &output_blob})
        if (!*each)
            return wrong(each->error());
    wanted.job.input_blob = *std::move(input_blob);
    wanted.job.output_blob = *std::move(output_blob);
    for (const auto& [member, to, name] : {std::tuple("inputBlobContainerUri", &wanted.input, &wanted.job.input_container),
                                           std::tuple("outputBlobContainerUri", &wanted.output, &wanted.job.output_container)}) {
        if (to == &wanted.input && !import)
            continue;
        auto opened = container(jobs, body, member);
        if (!opened)
            return wrong(opened.error());
        *name = (*opened)->name();
        *to = *std::move(opened);
    }
    return wanted;
}

answer job_answer(const registry_job& job) {
    answer result;
    result.body = to_json(job);
    return result;
}

} // namespace

asio::awaitable<answer> create_job(context& in, const request& asked) {
    const auto now = in.hub.clock().now();
    boost::system::error_code error;
    const auto body = json::parse(asked.body, error);
    if (error || !body.is_object())
        co_return error_answer(errc::invalid_format, "The body must be a JSON object.", now);
    auto wanted = read_order(in.hub.jobs(), body.get_object());
    if (!wanted)
        co_return error_answer(errc::argument_invalid, wanted.error(), now);
    const auto made = in.hub.jobs().create(*std::move(wanted));
    if (made)
        co_return job_answer(*made);
    if (made.error() == hub::registry_jobs::refusal::busy)
        co_return error_answer(errc::job_quota_exceeded, "There is a job already; one runs at a time.", now);
    co_return error_answer(errc::service_unavailable, "There are no jobs here.", now);
}

asio::awaitable<answer> list_jobs(context& in, const request&) {
    json::array all;
    for (const auto& each : in.hub.jobs().list())
        all.push_back(to_json(each));
    answer result;
    result.body = std::move(all);
    co_return result;
}

asio::awaitable<answer> get_job(context& in, const request& asked) {
    const auto job = in.hub.jobs().find(asked.path[1]);
    co_return job ? job_answer(*job) : error_answer(errc::job_not_found, "There is no such job.", in.hub.clock().now());
}

asio::awaitable<answer> cancel_job(context& in, const request& asked) {
    if (!in.hub.jobs().cancel(asked.path[1]))
        co_return error_answer(errc::job_not_found, "There is no such job.", in.hub.clock().now());
    answer result;
    result.status = status::no_content;
    co_return result;
}

} // namespace capstan::http
