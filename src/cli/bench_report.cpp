#include "cli/bench_report.hpp"

#include <array>
#include <cmath>

#include <fmt/format.h>

namespace capstan::cli {
namespace {

namespace json = boost::json;

constexpr std::array mode_names{"send", "receive", "both", "idle", "storm", "c2d"};

double rounded(double value) { return std::round(value * 1000) / 1000; }
double per(double what, double of) { return of > 0 ? what / of : 0; }

json::object latency_of(const load::histogram& of) {
    const auto at = [&](double share) { return rounded(static_cast<double>(of.at(share)) / 1000); };
    return {{"p50", at(0.5)},
            {"p90", at(0.9)},
            {"p99", at(0.99)},
            {"p999", at(0.999)},
            {"max", rounded(static_cast<double>(of.max()) / 1000)},
            {"count", of.count()}};
}

/// What the mode is about.
std::uint64_t messages_of(const bench_options& given, const load::tally& counts) {
    switch (given.mode) {
    case bench_mode::receive:
    case bench_mode::both: return counts.received;
    case bench_mode::storm: return counts.set_up;
    case bench_mode::c2d: return counts.confirmed;
    default: return given.settled ? counts.sent : counts.accepted;
    }
}

double at(const json::object& report, std::string_view name) { return report.at(name).to_number<double>(); }

} // namespace

json::object bench_report(const bench_options& given, const load::result& found) {
    const auto& counts = found.counts;
    const auto messages = messages_of(given, counts);
    const auto millions = static_cast<double>(messages) / 1e6;
    const auto grown = found.server_rss > found.server_rss_before ? found.server_rss - found.server_rss_before : 0;
    const auto connections = given.mode == bench_mode::storm ? given.connections : found.connections;
    json::object report{{"mode", mode_names[static_cast<std::size_t>(given.mode)]},
                        {"messages", messages},
                        {"seconds", rounded(found.seconds)},
                        {"messages_per_second", std::round(per(static_cast<double>(messages), found.seconds))},
                        {"bytes_per_second", std::round(per(static_cast<double>(counts.bytes), found.seconds))},
                        {"latency_us", latency_of(given.mode == bench_mode::storm ? counts.set_up_latency : counts.latency)},
                        {"sent", counts.sent},
                        {"accepted", counts.accepted},
                        {"rejected", counts.rejected},
                        {"released", counts.released},
                        {"received", counts.received},
                        {"confirmed", counts.confirmed},
                        {"failed", counts.failed},
                        {"connections", connections},
                        {"links", given.links},
                        {"size", given.size},
                        {"window", given.window},
                        {"batch", given.batch},
                        {"threads", given.threads},
                        {"rate", given.rate},
                        {"tls", given.tls},
                        {"own_cpu_seconds", rounded(found.own_cpu_seconds)},
                        {"own_cpu_seconds_per_million", rounded(per(found.own_cpu_seconds, millions))},
                        {"server_cpu_seconds", nullptr},
                        {"server_cpu_seconds_per_million", nullptr},
                        {"server_rss_bytes", nullptr},
                        {"server_rss_bytes_per_connection", nullptr},
                        {"set_up_seconds", rounded(found.set_up_seconds)},
                        {"set_up_per_second", std::round(per(static_cast<double>(found.connections), found.set_up_seconds))},
                        {"set_up_own_cpu_seconds", rounded(found.set_up_own_cpu_seconds)},
                        {"set_up_server_cpu_seconds", nullptr},
                        {"set_up_latency_us", latency_of(counts.set_up_latency)},
                        {"resumed", counts.resumed},
                        {"problem", counts.problem}};
    if (given.pids.empty())
        return report;
    report["server_cpu_seconds"] = rounded(found.server_cpu_seconds);
    report["server_cpu_seconds_per_million"] = rounded(per(found.server_cpu_seconds, millions));
    report["server_rss_bytes"] = found.server_rss;
    report["server_rss_bytes_per_connection"] = std::round(per(static_cast<double>(grown), static_cast<double>(connections)));
    report["set_up_server_cpu_seconds"] = rounded(found.set_up_server_cpu_seconds);
    return report;
}

std::string bench_text(const json::object& report) {
    const auto& latency = report.at("latency_us").as_object();
    const bool storm = report.at("mode") == "storm", set_up = !storm && at(report, "set_up_seconds") > 0;
    auto text =
        fmt::format("{:<12} {:.0f} in {:.2f} s: {:.0f}/s, {:.1f} MB/s; {:.0f} rejected, {:.0f} released, {:.0f} failed\n",
                    storm ? "connections" : "messages", at(report, "messages"), at(report, "seconds"), at(report, "messages_per_second"),
                    at(report, "bytes_per_second") / 1e6, at(report, "rejected"), at(report, "released"), at(report, "failed"));
    if (at(latency, "count") > 0)
        text += fmt::format("{:<12} p50 {:.0f} µs, p90 {:.0f}, p99 {:.0f}, p99.9 {:.0f}, max {:.0f}\n", "latency", at(latency, "p50"),
                            at(latency, "p90"), at(latency, "p99"), at(latency, "p999"), at(latency, "max"));
    text += fmt::format("{:<12} {:.2f} s of CPU, {:.3f} s per million\n", "this tool", at(report, "own_cpu_seconds"),
                        at(report, "own_cpu_seconds_per_million"));
    if (!report.at("server_rss_bytes").is_null())
        text += fmt::format("{:<12} {:.2f} s of CPU, {:.3f} s per million; {:.1f} MiB, {:.1f} KiB more for each connection\n", "server",
                            at(report, "server_cpu_seconds"), at(report, "server_cpu_seconds_per_million"),
                            at(report, "server_rss_bytes") / 1048576, at(report, "server_rss_bytes_per_connection") / 1024);
    if (set_up)
        text += fmt::format("{:<12} {:.0f} connections in {:.2f} s: {:.0f}/s\n", "set-up", at(report, "connections"),
                            at(report, "set_up_seconds"), at(report, "set_up_per_second"));
    if (const auto& problem = report.at("problem").as_string(); !problem.empty())
        text += fmt::format("{:<12} {}\n", "first problem", std::string_view(problem));
    return text;
}

} // namespace capstan::cli
