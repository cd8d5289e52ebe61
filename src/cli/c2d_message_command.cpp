// `capstan device c2d-message`: cloud-to-device messages from both ends.
#include <map>
#include <memory>

#include <boost/asio/detached.hpp>
#include <fmt/format.h>

#include <capstan/service_client.hpp>

#include "auth/percent.hpp"
#include "auth/random.hpp"
#include "cli/device_commands.hpp"
#include "cli/message_options.hpp"
#include "cli/output.hpp"
#include "cli/wait_for.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using verb = boost::beast::http::verb;

struct c2d_message_options {
    hub_options hub;
    std::string id;
    message_options content;
    feedback_wanted ack = feedback_wanted::none;
    std::optional<std::int64_t> expiry; ///< ms since 1970, UTC
    bool wait = false;
    std::string lock;
    std::optional<unsigned> lock_timeout; ///< s; Capstan has one for all
    bool yes = false;                     ///< nothing is asked
    bool complete = false, reject = false, abandon = false;
    output_form form = output_form::table;
};

// --- send and purge: the service's end

asio::awaitable<std::string> send(hub_login hub, std::string id, message what, bool wait) {
    service_client service(co_await asio::this_coro::executor, hub.connection_string, hub.options);
    service.async_run(asio::detached);
    std::string outcome;
    if (wait)
        outcome = (co_await service.async_send_and_confirm(std::move(id), std::move(what))).status_text;
    else
        outcome = co_await service.async_send(std::move(id), std::move(what));
    service.close();
    co_return outcome;
}

int send_command(const c2d_message_options& given) {
    auto what = make_message(given.content, "Ping from the Capstan CLI");
    what.feedback(given.ack);
    if (given.expiry)
        what.expires_at(wall_clock_time(std::chrono::milliseconds(*given.expiry)));
    if (what.message_id().empty())
        what.message_id(auth::random_uuid());
    const auto id = what.message_id();
    const auto outcome = wait_for(send(log_in_as_service(given.hub), given.id, std::move(what), given.wait));
    static constexpr column columns[] = {{"DEVICE", "/deviceId"}, {"MESSAGE", "/messageId"}, {"OUTCOME", "/outcome"}};
    json::object told{{"deviceId", given.id}, {"messageId", id}};
    if (given.wait)
        told["outcome"] = outcome;
    print(given.form, given.wait ? outcome : id, columns, told);
    return !given.wait || outcome == "Success" ? exit_ok : exit_refused;
}

int purge(const c2d_message_options& given) {
    const auto answer = ask_hub(log_in_as_service(given.hub), {.method = verb::delete_, .path = device_path(given.id) + "/commands"});
    const column columns[] = {{"DEVICE", "/deviceId"}, {"PURGED", "/totalMessagesPurged"}};
    print(given.form, columns, answer);
    return exit_ok;
}

// --- receive, complete, reject, abandon: the device's end, over HTTPS, for a lock has to outlast the command

client::rest_answer ask_as_device(const hub_login& hub, const c2d_message_options& given, client::rest_request asked) {
    return wait_for(client::send_request(as_rest_device(hub, given.id), hub.options, std::move(asked)));
}

std::string path_of(const hub_login& hub, const c2d_message_options& given) {
    return device_path(given.id.empty() ? hub.device_id : given.id) + "/messages/deviceBound";
}

int settle(const hub_login& hub, const c2d_message_options& given, const std::string& lock, std::string_view how) {
    client::rest_request asked{.method = verb::delete_, .path = path_of(hub, given) + '/' + auth::percent_encode(lock)};
    if (how == "reject")
        asked.query = "&reject=true";
    if (how == "abandon")
        asked.method = verb::post, asked.path += "/abandon";
    ask_as_device(hub, given, std::move(asked));
    return exit_ok;
}

/// The hub has percent-encoded what a header cannot hold.
std::string text_of(boost::beast::string_view header) { return auth::percent_decode(std::string_view(header.data(), header.size())); }

json::object described(const client::rest_answer& answer) {
    const std::pair<const char*, const char*> names[] = {{"messageId", "iothub-messageid"},
                                                         {"sequenceNumber", "iothub-sequencenumber"},
                                                         {"enqueuedTime", "iothub-enqueuedtime"},
                                                         {"deliveryCount", "iothub-deliverycount"},
                                                         {"expiry", "iothub-expiry"},
                                                         {"ack", "iothub-ack"},
                                                         {"correlationId", "iothub-correlationid"},
                                                         {"userId", "iothub-userid"},
                                                         {"contentType", "iothub-contenttype"},
                                                         {"contentEncoding", "iothub-contentencoding"}};
    json::object shown{{"data", answer.body()}};
    const std::string tag(answer["ETag"]);
    shown["etag"] = tag.size() > 2 ? tag.substr(1, tag.size() - 2) : tag;
    for (const auto& [name, header] : names)
        if (answer.count(header) > 0)
            shown[name] = text_of(answer[header]);
    json::object properties;
    for (const auto& field : answer)
        if (const std::string name(field.name_string()); name.starts_with("iothub-app-"))
            properties[text_of(name.substr(11))] = text_of(field.value());
    shown["properties"] = std::move(properties);
    return shown;
}

int receive(const c2d_message_options& given) {
    const auto hub = log_in(given.hub);
    const auto lock = given.lock_timeout ? fmt::format("&messageLockTimeout={}", *given.lock_timeout) : "";
    const auto answer = ask_as_device(hub, given, {.path = path_of(hub, given), .query = lock});
    if (answer.result() == boost::beast::http::status::no_content) {
        fmt::print(stderr, "no message is waiting\n");
        return exit_ok;
    }
    const auto shown = described(answer);
    const column columns[] = {{"LOCK", "/etag"}, {"MESSAGE", "/messageId"}, {"DELIVERIES", "/deliveryCount"}, {"DATA", "/data"}};
    print(given.form, columns, shown);
    if (const auto* how = given.complete ? "complete" : given.reject ? "reject" : given.abandon ? "abandon" : nullptr)
        return settle(hub, given, shown.at("etag").as_string().c_str(), how);
    return exit_ok;
}

template<const auto& How> int settle_as_asked(const c2d_message_options& given) {
    settle(log_in(given.hub), given, given.lock, How);
    static constexpr column columns[] = {{"LOCK", "/etag"}, {"OUTCOME", "/outcome"}};
    print(given.form, "", columns, json::object{{"etag", given.lock}, {"outcome", How}});
    return exit_ok;
}
constexpr char complete_word[] = "complete", reject_word[] = "reject", abandon_word[] = "abandon";

// --- the options

struct c2d_message_builder {
    CLI::App& parent;
    action& chosen;

    CLI::App& add(const char* name, const char* help, int (*perform)(const c2d_message_options&),
                  const std::shared_ptr<c2d_message_options>& given) const {
        CLI::App* command = parent.add_subcommand(name, help);
        command->callback([chosen = &chosen, perform, given] { *chosen = [perform, given] { return perform(*given); }; });
        return *command;
    }
    CLI::Option* id(CLI::App& command, c2d_message_options& given, const char* help) const {
        return command.add_option("-d,--device-id,id", given.id, help)->type_name("ID");
    }
};

void add_send(const c2d_message_builder& commands) {
    const auto given = std::make_shared<c2d_message_options>();
    given->form = output_form::text;
    CLI::App& command = commands.add("send", "Queue a message for a device, as a service; prints its id.", send_command, given);
    add_amqp_options(command, given->hub, data_is::body);
    commands.id(command, *given, "the device's id")->required();
    add_message_options(command, given->content);
    add_output_option(command, given->form);
    static const std::map<std::string, feedback_wanted> acks = {
        {"positive", feedback_wanted::positive}, {"negative", feedback_wanted::negative}, {"full", feedback_wanted::full}};
    command
        .add_option_function<std::string>(
            "--ack", [given](const std::string& which) { given->ack = acks.at(which); }, "of which outcomes to send feedback [none]")
        ->check(CLI::IsMember({"positive", "negative", "full"}))
        ->type_name("WHICH");
    command.add_option("--expiry-time-utc,--expiry", given->expiry, "when it is of no use any more, in ms since 1970")->type_name("MS");
    command.add_flag("-y,--yes", given->yes, "nothing is asked anyway; for scripts written for az");
    command.add_flag("-w,--wait", given->wait, "wait for what becomes of it, and print that; 2 unless the device completes it");
}

void add_settling(const c2d_message_builder& commands, const char* name, const char* help, int (*perform)(const c2d_message_options&)) {
    const auto given = std::make_shared<c2d_message_options>();
    given->form = output_form::text;
    CLI::App& command = commands.add(name, help, perform, given);
    add_login_options(command, given->hub);
    add_output_option(command, given->form);
    commands.id(command, *given, "the device's id [the login's]");
    command.add_option("-e,--etag", given->lock, "the message's lock, as `receive` printed it")->required()->type_name("LOCK");
}

void add_receive(const c2d_message_builder& commands) {
    const auto given = std::make_shared<c2d_message_options>();
    CLI::App& command = commands.add("receive", "Take the next message, as the device; it stays locked for a minute.", receive, given);
    add_login_options(command, given->hub);
    commands.id(command, *given, "the device's id [the login's]");
    add_output_option(command, given->form);
    command.add_option("--lock-timeout,--lt", given->lock_timeout, "for how long, in seconds; Capstan has one time for all")
        ->type_name("S");
    auto* complete = command.add_flag("--complete", given->complete, "and be done with it");
    auto* reject = command.add_flag("--reject", given->reject, "and say that it can never be done")->excludes(complete);
    command.add_flag("--abandon", given->abandon, "and give it back")->excludes(complete)->excludes(reject);
}

} // namespace

void add_device_commands(CLI::App& device, action& chosen) {
    CLI::App* group = device.add_subcommand("c2d-message", "Cloud-to-device messages, from both ends.");
    group->require_subcommand(1);
    const c2d_message_builder commands{*group, chosen};
    add_send(commands);
    add_receive(commands);
    add_settling(commands, "complete", "Be done with a received message.", settle_as_asked<complete_word>);
    add_settling(commands, "reject", "Say that a received message can never be done.", settle_as_asked<reject_word>);
    add_settling(commands, "abandon", "Give a received message back.", settle_as_asked<abandon_word>);

    add_dead_letters(*group, chosen);

    const auto given = std::make_shared<c2d_message_options>();
    CLI::App& purging = commands.add("purge", "Throw away all messages that wait for a device.", purge, given);
    add_login_options(purging, given->hub);
    commands.id(purging, *given, "the device's id")->required();
    add_output_option(purging, given->form);
}

} // namespace capstan::cli
