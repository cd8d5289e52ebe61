#pragma once
// What `capstan bench` is told on its command line.

#include "cli/hub_login.hpp"
#include "cli/output.hpp"
#include "load/settings.hpp"

namespace capstan::cli {

enum class bench_mode : std::uint8_t { send, receive, both, idle, storm, c2d };

struct bench_options {
    bench_mode mode = bench_mode::send;
    // --- the server
    hub_options hub;                    ///< only if --hub or --login is given
    std::optional<std::string> target;  ///< HOST:PORT
    bool tls = false, resume = false;
    std::optional<std::string> sasl;
    std::string user, password;
    std::vector<int> pids;
    // --- the load
    std::optional<std::string> address, receive_address; ///< with {c}, {l} and {d} for the numbers of connection, link and device
    std::size_t connections = 1, links = 1, devices = 1000;
    std::size_t size = 256;
    std::uint32_t window = 100, credit = 1000, batch = 1;
    double rate = 0, duration = 5;
    std::optional<double> warm_up; ///< s
    std::uint64_t count = 0;
    bool durable = false, settled = false;
    std::string from;
    unsigned threads = 1, source_addresses = 0, at_once = 200;
    output_form form = output_form::table;

    bool has_hub() const { return hub.login || hub.folder; }
};

/// The subcommand's options; those of other modes are left out.
void add_bench_options(CLI::App& command, bench_options& given);

} // namespace capstan::cli
