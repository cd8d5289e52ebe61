// `capstan device simulate`
#include <cmath>
#include <map>
#include <memory>
#include <set>

#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <fmt/format.h>

#include "cli/bulk_registry.hpp"
#include "cli/device_commands.hpp"
#include "cli/live_text.hpp"
#include "cli/message_options.hpp"
#include "cli/output.hpp"
#include "cli/simulation.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;
using clock = std::chrono::steady_clock;

struct simulate_options {
    hub_options hub;
    std::string id, prefix = "sim-";
    std::string certificate, key; ///< of that one device, PEM
    std::size_t devices = 1;
    std::optional<double> rate;
    double interval = 3;           ///< s
    std::size_t messages = 100;    ///< of each device
    std::uint32_t duration = 0;    ///< s
    message_options content;
    settle_as commands = settle_as::complete;
    bool clean_up = false;
    output_form form = output_form::table;
};

std::vector<std::string> names_of(const simulate_options& given, const hub_login& hub) {
    if (!given.id.empty() || !hub.device_id.empty())
        return {given.id.empty() ? hub.device_id : given.id};
    std::vector<std::string> names;
    for (std::size_t i = 1; i <= given.devices; ++i)
        names.push_back(fmt::format("{}{}", given.prefix, i));
    return names;
}

simulation_plan plan_of(const simulate_options& given, const hub_login& hub) {
    simulation_plan plan;
    plan.devices = names_of(given, hub);
    plan.rate = given.rate.value_or(static_cast<double>(plan.devices.size()) / given.interval);
    plan.messages = given.duration > 0 ? 0 : given.messages * plan.devices.size();
    plan.duration = std::chrono::seconds(given.duration);
    plan.commands = given.commands;
    plan.certificate = given.certificate;
    plan.key = given.key;
    plan.others = make_message(given.content, "");
    if (!plan.others.message_id().empty())
        throw failed(exit_usage, "--message-id: each message has one of its own");
    if (given.content.data || given.content.file)
        plan.body = plan.others.body();
    else if (plan.others.content_type().empty())
        plan.others.content_type("application/json").content_encoding("utf-8");
    return plan;
}

// --- the devices' registration

/// The devices that were not there before; removed at the end, however that comes, if they are not to stay.
class registration {
public:
    registration(const hub_login& hub, bool temporary) : hub_(hub), temporary_(temporary) {}
    ~registration() {
        try {
            end();
        } catch (const std::exception& error) {
            fmt::print(stderr, "capstan: {} devices could not be removed: {}\n", made_.size(), error.what());
        }
    }
    registration(const registration&) = delete;

    void add(const std::vector<std::string>& names, live_text& progress) {
        for (std::size_t from = 0; from < names.size(); from += max_bulk) {
            const auto to = std::min(from + max_bulk, names.size());
            add({names.begin() + static_cast<std::ptrdiff_t>(from), names.begin() + static_cast<std::ptrdiff_t>(to)});
            progress.show(fmt::format("{} of {} devices are registered", to, names.size()));
        }
    }
    void end() {
        while (temporary_ && !made_.empty()) {
            json::array entries;
            for (std::size_t i = 0; i < std::min(max_bulk, made_.size()); ++i)
                entries.push_back(json::object{{"id", made_[i]}, {"importMode", "delete"}});
            const auto count = static_cast<std::ptrdiff_t>(entries.size());
            change_devices(hub_, std::move(entries));
            made_.erase(made_.begin(), made_.begin() + count);
        }
    }

private:
    void add(const std::vector<std::string>& names) {
        json::array entries;
        for (const auto& each : names)
            entries.push_back(
                json::object{{"id", each}, {"importMode", "create"}, {"status", "enabled"}, {"authentication", {{"type", "sas"}}}});
        std::set<std::string> made(names.begin(), names.end());
        const auto errors = change_devices(hub_, std::move(entries));
        for (const auto& error : errors)
            made.erase(error.device_id);
        made_.insert(made_.end(), made.begin(), made.end());
        for (const auto& error : errors)
            if (error.code != "DeviceAlreadyExists")
                throw failed(exit_refused, fmt::format("the hub refuses: {}: {}: {}", error.device_id, error.code, error.text));
    }

    const hub_login& hub_;
    const bool temporary_;
    std::vector<std::string> made_;
};

// --- what is shown

double milliseconds(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

json::object summary(const simulation_counts& counts, const simulation_plan& plan, clock::duration took) {
    const auto seconds = std::chrono::duration<double>(took).count();
    const auto accepted = static_cast<double>(counts.accepted);
    return {{"devices", plan.devices.size()},
            {"sent", counts.sent},
            {"accepted", counts.accepted},
            {"failed", counts.failed},
            {"unknown", counts.under_way()},
            {"commands", counts.commands},
            {"seconds", std::round(seconds * 1000) / 1000},
            {"acceptedPerSecond", std::round(seconds > 0 ? accepted / seconds : 0)},
            {"meanMilliseconds", counts.accepted > 0 ? std::round(1000 * milliseconds(counts.waited) / accepted) / 1000 : 0},
            {"longestMilliseconds", milliseconds(counts.longest)}};
}

/// Of one second.
std::string live_lines(const simulation_counts& now, const simulation_counts& before, std::size_t devices, std::size_t seconds) {
    const auto accepted = now.accepted - before.accepted;
    const auto mean = accepted > 0 ? milliseconds(now.waited - before.waited) / static_cast<double>(accepted) : 0;
    auto text = fmt::format("  {:>4} s     {} of {} devices connected\n"
                            "  telemetry  {} accepted, {}/s, {:.1f} ms on average; {} under way, {} failed\n"
                            "  commands   {} received",
                            seconds, now.connected, devices, now.accepted, accepted, mean, now.under_way(), now.failed, now.commands);
    return now.last_failure ? text + "\n  last failure: " + now.last_failure->what() : text;
}

asio::awaitable<void> show_each_second(const simulation& running, std::size_t devices, live_text& view, asio::steady_timer& timer,
                                       const bool& ended) {
    auto before = running.counts();
    for (std::size_t seconds = 1;; ++seconds) {
        timer.expires_after(std::chrono::seconds(1));
        boost::system::error_code cancelled;
        co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, cancelled));
        if (cancelled || ended)
            co_return;
        view.show(live_lines(running.counts(), before, devices, seconds));
        before = running.counts();
    }
}

// --- the command

/// However it ends, the view ends too.
struct run_end {
    asio::steady_timer& view;
    bool& over;
    ~run_end() {
        over = true;
        view.cancel();
    }
};

/// The hub said no to some; or it was gone, and nobody knows what became of them.
exit_code verdict(const simulation_counts& counts, bool interrupted) {
    if (counts.last_failure) {
        fmt::print(stderr, "capstan: the last of {} failures: {}\n", counts.failed, counts.last_failure->what());
        return failure(*counts.last_failure).code;
    }
    return counts.under_way() > 0 && !interrupted ? exit_unreachable : exit_ok;
}

struct run_outcome {
    json::object told;
    exit_code code;
};

run_outcome run(const hub_login& hub, const simulation_plan& plan, live_text& view) {
    asio::io_context loop;
    simulation devices(loop, hub, plan);
    asio::steady_timer second(loop);
    bool ended = false;
    asio::co_spawn(loop, show_each_second(devices, plan.devices.size(), view, second, ended), asio::detached);
    const auto begun = clock::now();
    auto work = [](simulation& all, asio::steady_timer& view_timer, bool& over) -> asio::awaitable<void> {
        const run_end until_the_end{view_timer, over};
        co_await all.run();
    };
    bool interrupted = false;
    wait_until_interrupted(loop, work(devices, second, ended), [&] {
        interrupted = true;
        devices.stop();
    });
    devices.check();
    return {summary(devices.counts(), plan, clock::now() - begun), verdict(devices.counts(), interrupted)};
}

int simulate(const simulate_options& given) {
    static constexpr column columns[] = {{"DEVICES", "/devices"},          {"SENT", "/sent"},
                                         {"ACCEPTED", "/accepted"},        {"FAILED", "/failed"},
                                         {"UNKNOWN", "/unknown"},          {"COMMANDS", "/commands"},
                                         {"SECONDS", "/seconds"},          {"PER SECOND", "/acceptedPerSecond"},
                                         {"MEAN MS", "/meanMilliseconds"}, {"LONGEST MS", "/longestMilliseconds"}};
    const auto hub = log_in(given.hub);
    const auto plan = plan_of(given, hub);
    registration devices(hub, given.clean_up);
    std::optional<run_outcome> outcome;
    {
        live_text view;
        if (hub.device_id.empty() && given.id.empty())
            devices.add(plan.devices, view);
        outcome = run(hub, plan, view);
    }
    devices.end();
    print(given.form, columns, outcome->told);
    return outcome->code;
}

void add_who(CLI::App& command, simulate_options& given) {
    auto* id = command.add_option("-d,--device-id", given.id, "one device that is registered")->type_name("ID");
    auto* certificate =
        command.add_option("--certificate-file-path,--cp", given.certificate, "its certificate, if it signs in by one: PEM");
    auto* key = command.add_option("--key-file-path,--kp", given.key, "the key of that: PEM");
    certificate->type_name("FILE")->needs(id)->needs(key);
    key->type_name("FILE")->needs(certificate);
    command.add_option("--devices", given.devices, "so many; those that are not registered are [1]")
        ->check(CLI::Range(1, 100'000))
        ->type_name("N")
        ->excludes(id);
    command.add_option("--prefix", given.prefix, "what their ids begin with, before a number [sim-]")->type_name("TEXT")->excludes(id);
    command.add_flag("--clean-up", given.clean_up, "at the end, remove those that were registered for this");
}

void add_how_much(CLI::App& command, simulate_options& given) {
    auto* rate = command.add_option("--rate", given.rate, "messages per second of all devices together")->check(CLI::PositiveNumber);
    rate->type_name("N");
    command.add_option("--msg-interval,--mi", given.interval, "seconds between two messages of a device [3]")
        ->check(CLI::PositiveNumber)
        ->type_name("S")
        ->excludes(rate);
    auto* count = command.add_option("--msg-count,--mc", given.messages, "messages of each device; 0: no end [100]")->type_name("N");
    command.add_option("--duration", given.duration, "so many seconds, and not a number of messages")->type_name("S")->excludes(count);
}

} // namespace

void add_device_simulate(CLI::App& device, action& chosen) {
    CLI::App* command = device.add_subcommand("simulate", "Be one device, or thousands: send telemetry, receive commands.");
    auto given = std::make_shared<simulate_options>();
    add_amqp_options(*command, given->hub, data_is::body);
    add_output_option(*command, given->form);
    add_who(*command, *given);
    add_how_much(*command, *given);
    add_message_options(*command, given->content);
    static const std::map<std::string, settle_as> ways = {
        {"complete", settle_as::complete}, {"reject", settle_as::reject}, {"abandon", settle_as::abandon}};
    command
        ->add_option_function<std::string>(
            "--receive-settle,--rs", [given](const std::string& way) { given->commands = ways.at(way); },
            "what to do with commands [complete]")
        ->check(CLI::IsMember({"complete", "reject", "abandon"}))
        ->type_name("HOW");
    command->footer("Examples:\n"
                    "  capstan device simulate -d dev1 --hub ./hub --msg-interval 1\n"
                    "  capstan device simulate --hub ./hub --devices 1000 --rate 5000 --duration 60\n"
                    "Each second a terminal shows how it goes; Ctrl-C ends it, and what was sent so far is summed up.");
    command->callback([&chosen, given] { chosen = [given] { return simulate(*given); }; });
}

} // namespace capstan::cli
