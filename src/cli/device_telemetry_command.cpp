// `capstan device send-d2c-message`
#include <memory>

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include "cli/device_commands.hpp"
#include "cli/message_options.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

struct telemetry_options {
    hub_options hub;
    std::string id;
    message_options content;
    std::size_t count = 1;
    output_form form = output_form::text;
};

asio::awaitable<void> send(device_identity who, client_options how, message what, std::size_t count) {
    device_client device(co_await asio::this_coro::executor, std::move(who), how);
    device.async_run(asio::detached);
    for (std::size_t i = 0; i < count; ++i) {
        auto next = what;
        co_await device.async_send(std::move(next));
    }
    device.close();
}

int send_telemetry(const telemetry_options& given) {
    const auto hub = log_in(given.hub);
    auto what = make_message(given.content, "Ping from the Capstan CLI");
    const auto who = as_device(hub, given.id);
    wait_for(send(who, hub.options, std::move(what), given.count));
    static constexpr column columns[] = {{"DEVICE", "/deviceId"}, {"SENT", "/sent"}};
    print(given.form, fmt::format("sent {} message{}", given.count, given.count == 1 ? "" : "s"), columns,
          boost::json::object{{"deviceId", who.device_id()}, {"sent", given.count}});
    return exit_ok;
}

} // namespace

void add_device_telemetry(CLI::App& device, action& chosen) {
    CLI::App* command = device.add_subcommand("send-d2c-message", "Send telemetry as a device; done when the hub has accepted it.");
    auto given = std::make_shared<telemetry_options>();
    add_amqp_options(*command, given->hub, data_is::body);
    command->add_option("-d,--device-id,id", given->id, "the device's id [the login's]")->type_name("ID");
    add_message_options(*command, given->content);
    add_output_option(*command, given->form);
    command->add_option("--msg-count,--mc", given->count, "how often to send it [1]")->check(CLI::Range(1, 1'000'000))->type_name("N");
    command->callback([&chosen, given] { chosen = [given] { return send_telemetry(*given); }; });
}

} // namespace capstan::cli
