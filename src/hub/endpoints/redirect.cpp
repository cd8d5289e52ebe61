#include "hub/endpoints/redirect.hpp"

#include <fmt/format.h>

namespace capstan::hub {

/// Clients that get attach and detach in one read never see the error; ten milliseconds keep them apart.
constexpr std::chrono::milliseconds redirect_pause{10};

refusal redirect(const conversation& with, std::string_view suffix) {
    const auto& config = with.hub.config();
    // Under the name that the client has reached us by, if that is one of ours: it need not be, and is the client's to write.
    const bool ours = auth::host_names(config.host_names).contains(with.hostname);
    const auto& host = ours ? with.hostname : config.host_names.front();
    const auto in_url = host.find(':') == host.npos ? host : '[' + host + ']'; // RFC 3986, section 3.2.2
    amqp::map info;
    info.entries.emplace_back(amqp::symbol{"hostname"}, host);
    info.entries.emplace_back(amqp::symbol{"network-host"}, host);
    info.entries.emplace_back(amqp::symbol{"port"}, static_cast<std::int32_t>(config.amqps_port));
    info.entries.emplace_back(amqp::symbol{"address"},
                              fmt::format("amqps://{}:{}/{}{}", in_url, config.amqps_port, config.event_hub, suffix));
    return {amqp::error(amqp::condition::link_redirect, "", amqp::encode(info)), redirect_pause};
}

} // namespace capstan::hub
