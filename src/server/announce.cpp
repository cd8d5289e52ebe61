#include "server/announce.hpp"

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "auth/connection_string.hpp"
#include "server/host_name.hpp"
#include "server/process.hpp"

namespace capstan::server {
namespace {

constexpr std::uint16_t usual_amqps_port = 5671;

std::string hub_string(const std::string& host, const auth::access_policy& policy) {
    auth::hub_connection_string value;
    value.host_name = host;
    value.policy = policy.name;
    value.key = policy.primary_key;
    return auth::to_text(value);
}

std::string event_hub_string(const std::string& authority, const auth::access_policy& policy, const std::string& event_hub) {
    auth::event_hub_connection_string value;
    value.endpoint = "sb://" + authority + "/";
    value.policy = policy.name;
    value.key = policy.primary_key;
    value.entity = event_hub;
    return auth::to_text(value);
}

} // namespace

std::string greeting(const endpoints& at, const hub_file* hub) {
    const std::string host = host_in_url(at.hostnames.front());
    const std::string amqps = at.amqps_port == usual_amqps_port ? host : fmt::format("{}:{}", host, at.amqps_port);
    std::string text = fmt::format("Capstan is running.\n"
                                   "  AMQPS            {}:{}\n"
                                   "  HTTPS            https://{}:{}/\n"
                                   "  data folder      {}\n",
                                   host, at.amqps_port, host, at.https_port, at.data_folder.string());
    if (at.amqp_port)
        text += fmt::format("  AMQP, no TLS     {}:{}\n", host, *at.amqp_port);
    if (!at.ca.empty())
        text += fmt::format("  CA for clients   {}\n", at.ca.string());
    if (const auto* owner = hub ? hub->policies.find("iothubowner") : nullptr)
        text += fmt::format("  IoT hub          {}\n", hub_string(at.hostnames.front(), *owner));
    if (const auto* service = hub ? hub->policies.find("service") : nullptr)
        text += fmt::format("  Event Hubs       {}\n", event_hub_string(amqps, *service, hub->event_hub));
    return text + "Stop it with Ctrl-C.\n";
}

std::expected<void, std::string> announce(const config& settings, data_folder& folder, const endpoints& at) {
    if (auto published = folder.publish(at); !published)
        return published;
    if (settings.listen.ready_file)
        if (auto written = write_endpoints(*settings.listen.ready_file, at); !written)
            return written;
    // Where stdout is the system's journal, others than the hub's owner may read it: no keys there.
    const bool private_output = std::getenv("JOURNAL_STREAM") == nullptr;
    std::fputs(greeting(at, private_output ? &folder.hub() : nullptr).c_str(), stdout);
    std::fflush(stdout);
    notify_service_manager("READY=1");
    return {};
}

void withdraw(const config& settings) {
    std::error_code none; // there may be none
    if (settings.listen.ready_file)
        std::filesystem::remove(*settings.listen.ready_file, none);
}

} // namespace capstan::server
