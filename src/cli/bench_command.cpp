// `capstan bench`
#include <atomic>
#include <csignal>
#include <memory>

#include <fmt/format.h>

#include "cli/bench_plan.hpp"
#include "cli/bench_report.hpp"
#include "cli/commands.hpp"
#include "cli/failed.hpp"
#include "cli/live_text.hpp"

namespace capstan::cli {
namespace {

std::atomic<bool> interrupted = false;

/// Ctrl-C ends the measured time; a second one the program.
void on_signal(int number) {
    interrupted = true;
    std::signal(number, SIG_DFL);
}

std::string live_line(const load::progress& now, const load::progress& before) {
    auto text = fmt::format("{} of {} connections are up", now.ready, now.connections);
    if (now.failed > 0)
        text += fmt::format(", {} failures", now.failed);
    if (!now.measuring)
        return text;
    const auto seconds = now.seconds - before.seconds;
    const auto rate = before.measuring && seconds > 0 ? static_cast<double>(now.messages - before.messages) / seconds : 0;
    return fmt::format("{:>5.0f} s  {:.0f}/s, {} in all; {}", now.seconds, rate, now.messages, text);
}

exit_code verdict(const load::result& found) {
    if (found.counts.failed == 0 && found.counts.rejected == 0)
        return exit_ok;
    return found.connections == 0 && found.counts.set_up == 0 ? exit_unreachable : exit_refused;
}

int bench(bench_options& given) {
    const auto plan = make_bench_plan(given);
    std::signal(SIGINT, on_signal);
    std::signal(SIGTERM, on_signal);
    load::result found;
    {
        live_text view;
        load::progress before;
        found = load::run(plan, [&](const load::progress& now) { view.show(live_line(now, std::exchange(before, now))); }, interrupted);
    }
    const auto report = bench_report(given, found);
    if (given.form == output_form::table)
        fmt::print("{}", bench_text(report));
    else
        print(given.form, {}, report);
    return verdict(found);
}

constexpr const char* examples = R"(Examples:
  capstan bench send --target 127.0.0.1:5672 --address queue -c 100 --size 256 --durable --pid 4711
  capstan bench send --hub ./hub -c 100 --rate 50000 --duration 30 -o json
  capstan bench idle --hub ./hub -c 20000 --links 2 --source-addresses 10 --pid 4711
  capstan bench storm --hub ./hub -c 50 --sasl mssbcbs --links 2 --resume
docs/bench.md says what each figure means.)";

} // namespace

void add_bench(CLI::App& program, action& chosen) {
    CLI::App* command = program.add_subcommand("bench", "Put an AMQP 1.0 server under load, and measure it: this hub or another.");
    command->require_subcommand(1);
    command->footer(examples);
    const std::tuple<const char*, bench_mode, const char*> modes[] = {
        {"send", bench_mode::send, "Send messages: how many are accepted, and how soon."},
        {"receive", bench_mode::receive, "Receive messages that are there, or come."},
        {"both", bench_mode::both, "Send and receive at once: how long a message takes from end to end."},
        {"idle", bench_mode::idle, "Keep many connections open."},
        {"storm", bench_mode::storm, "Connect, attach links, close, and again."},
        {"c2d", bench_mode::c2d, "Send commands to devices that accept them."},
    };
    for (const auto& [name, mode, description] : modes) {
        auto* sub = command->add_subcommand(name, description);
        auto given = std::make_shared<bench_options>();
        given->mode = mode;
        add_bench_options(*sub, *given);
        sub->callback([&chosen, given, sub] {
            if (given->count > 0 && sub->count("--duration") == 0)
                given->duration = 0;
            chosen = [given] { return bench(*given); };
        });
    }
}

} // namespace capstan::cli
