// DELETE /devices/{id}[/modules/{id}]/commands: contract/rest.md, section 7.

#include "http/ask.hpp"
#include "http/resources.hpp"
#include "http/status.hpp"
#include "hub/commands/command_center.hpp"

namespace capstan::http {

asio::awaitable<answer> purge_commands(context& in, const request& asked) {
    if (auto none = no_holder(in, asked))
        co_return *std::move(none);
    const auto id = asked.holder();
    auto start = [&](auto done) { in.hub.commands().purge(id, in.home, std::move(done)); };
    const auto purged = co_await ask<std::optional<std::size_t>>(start);
    if (!purged)
        co_return error_answer(errc::service_unavailable, "The device's messages cannot be removed now.", in.hub.clock().now());
    answer result;
    const auto module = asked.names_module() ? boost::json::value(asked.path[3]) : boost::json::value();
    result.body = boost::json::object{{"totalMessagesPurged", *purged}, {"deviceId", asked.path[1]}, {"moduleId", module}};
    co_return result;
}

} // namespace capstan::http
