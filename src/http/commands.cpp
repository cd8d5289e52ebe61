// DELETE /devices/{id}/commands: contract/rest.md, section 7.

#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/command_center.hpp"

namespace capstan::http {

asio::awaitable<answer> purge_commands(context& in, const request& asked) {
    const auto& id = asked.path[1];
    if (!in.hub.registry().find(id))
        co_return error_answer(errc::device_not_found, id, in.hub.clock().now());
    auto start = [&](auto done) { in.hub.commands().purge(id, in.home, std::move(done)); };
    const auto purged = co_await ask<std::optional<std::size_t>>(start);
    if (!purged)
        co_return error_answer(errc::service_unavailable, "The device's messages cannot be removed now.", in.hub.clock().now());
    answer result;
    result.body = boost::json::object{{"totalMessagesPurged", *purged}, {"deviceId", id}, {"moduleId", nullptr}};
    co_return result;
}

} // namespace capstan::http
