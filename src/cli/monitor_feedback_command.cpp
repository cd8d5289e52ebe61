#include <memory>

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <capstan/service_client.hpp>

#include "cli/commands.hpp"
#include "cli/connection_watch.hpp"
#include "cli/output.hpp"
#include "cli/times.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

struct monitor_feedback_options {
    hub_options hub;
    std::string device;  ///< empty: all
    std::string message; ///< the one that is waited for; empty: none
    output_form form = output_form::table;
};

/// As the hub writes it (contract/iothub-amqp.md, section 6.4).
json::object described(const feedback_record& record) {
    return {{"originalMessageId", record.message_id},
            {"deviceId", record.device_id},
            {"deviceGenerationId", record.device_generation_id},
            {"statusCode", record.status_text},
            {"enqueuedTimeUtc", iso_time(record.time)}};
}

std::string line_of(const feedback_record& record) {
    return fmt::format("{}  {}  {}  {}\n", iso_time(record.time), record.device_id, record.message_id, record.status_text);
}

void print(const feedback_record& record, output_form form) {
    static constexpr column columns[] = {
        {"TIME", "/enqueuedTimeUtc"}, {"DEVICE", "/deviceId"}, {"MESSAGE", "/originalMessageId"}, {"STATUS", "/statusCode"}};
    fmt::print("{}", form == output_form::table ? line_of(record) : formatted(form, columns, described(record)));
    std::fflush(stdout);
}

/// What cannot be confirmed now comes again.
asio::awaitable<void> confirm(feedback_batch& batch) {
    try {
        co_await batch.async_complete();
    } catch (const client_error& why) {
        if (why.kind() != failure_kind::transient && why.reason() != errc::lock_lost)
            throw;
    }
}

/// However reading ends: the client, which would connect again and again, ends with it.
struct feedback_reading {
    service_client& service;
    ~feedback_reading() { service.close(); }
};

/// Closed from outside, receiving fails with errc::closed: that is its end.
asio::awaitable<void> show(service_client& service, const monitor_feedback_options& given) {
    const feedback_reading until_the_end{service};
    for (bool awaited = false; !awaited;) {
        auto batch = co_await service.async_receive_feedback();
        for (const auto& record : batch.records()) {
            if (given.device.empty() || record.device_id == given.device)
                print(record, given.form);
            awaited = awaited || (!given.message.empty() && record.message_id == given.message);
        }
        co_await confirm(batch);
    }
}

asio::awaitable<void> show_until_closed(service_client& service, const monitor_feedback_options& given) {
    try {
        co_await show(service, given);
    } catch (const client_error& end) {
        if (end.reason() != errc::closed)
            throw;
    }
}

int monitor(const monitor_feedback_options& given) {
    auto hub = log_in_as_service(given.hub);
    hub.options.retry(retry_policy());
    asio::io_context loop;
    service_client service(loop.get_executor(), hub.connection_string, hub.options);
    connection_watch watch([&] { service.close(); });
    service.on_connection_changed(watch.observer());
    service.async_run(asio::detached);
    if (given.form == output_form::table)
        fmt::print(stderr, "Reading the feedback of {}; Ctrl-C ends it.\n", hub.host);
    wait_until_interrupted(loop, show_until_closed(service, given), [&] { service.close(); });
    watch.check();
    return exit_ok;
}

} // namespace

void add_monitor_feedback(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("monitor-feedback", "Show what becomes of cloud-to-device messages.");
    auto given = std::make_shared<monitor_feedback_options>();
    add_amqp_options(*command, given->hub);
    add_output_option(*command, given->form);
    command->add_option("-d,--device-id", given->device, "show only what is about this device")->type_name("ID");
    command->add_option("-w,--wait-on-msg", given->message, "end once this message's feedback has come")->type_name("ID");
    command->footer("A hub's feedback is one queue: what is read here, shown or not, no other reader gets.");
    command->callback([&chosen, given] { chosen = [given] { return monitor(*given); }; });
}

} // namespace capstan::cli
