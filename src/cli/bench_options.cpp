#include "cli/bench_options.hpp"

namespace capstan::cli {
namespace {

void add_server_options(CLI::App& command, bench_options& given) {
    auto* target =
        command.add_option("--target", given.target, "the server; with --hub its plain AMQP port, unless --tls")->type_name("HOST:PORT");
    command.add_option("--hub", given.hub.folder, "the data folder of a Capstan on this machine: its address, keys and devices")
        ->type_name("DIR");
    auto* login = command.add_option("-l,--login", given.hub.login, "connection string of a hub: its address, keys and devices");
    login->type_name("STRING")->excludes(command.get_option("--hub"));
    command.add_option("--https-port", given.hub.https_port, "of the hub, to register devices with")->type_name("PORT");
    command.add_option("--amqps-port", given.hub.amqps_port, "of the hub")->type_name("PORT")->excludes(target);
    command.add_flag("--tls", given.tls, "TLS from the first byte; with --hub usual");
    command.add_option("--ca", given.hub.ca, "CA that the certificate must come from (PEM) [it is not looked at]")->type_name("FILE");
    command.add_option("--sasl", given.sasl, "how to sign in [anonymous; with --hub plain; others put a token to $cbs there]")
        ->check(CLI::IsMember({"none", "anonymous", "plain", "mssbcbs"}))
        ->type_name("HOW");
    command.add_option("--user", given.user, "of SASL PLAIN")->type_name("NAME");
    command.add_option("--password", given.password, "of SASL PLAIN")->type_name("TEXT");
    command.add_option("--pid", given.pids, "the server's process, to tell its CPU time and memory; can be given again")->type_name("PID");
}

void add_connection_options(CLI::App& command, bench_options& given) {
    command.add_option("-c,--connections", given.connections, "so many [1]")->check(CLI::Range(1, 1'000'000))->type_name("N");
    if (given.mode != bench_mode::c2d)
        command.add_option("--links", given.links, "of each connection [1]")->check(CLI::Range(0, 10'000))->type_name("M");
    command.add_option("--threads", given.threads, "of the load tool [1]")->check(CLI::Range(1, 64))->type_name("T");
    command.add_option("--source-addresses", given.source_addresses, "connect from 127.0.0.1 to 127.0.0.K in turn")
        ->check(CLI::Range(1, 250))
        ->type_name("K");
    command.add_option("--at-once", given.at_once, "connections that are set up at the same time, by each thread [200]")
        ->check(CLI::Range(1, 10'000))
        ->type_name("N");
    if (given.mode == bench_mode::storm)
        command.add_flag("--resume", given.resume, "offer the last TLS session");
}

void add_address_options(CLI::App& command, bench_options& given) {
    if (given.mode == bench_mode::c2d)
        return;
    command.add_option("--address", given.address, "of the links; {c}, {l} and {d} are the numbers of connection, link and device [queue]")
        ->type_name("TEXT");
    if (given.mode == bench_mode::both)
        command.add_option("--receive-address", given.receive_address, "of those that receive [--address]")->type_name("TEXT");
    if (given.mode == bench_mode::receive || given.mode == bench_mode::both) {
        command.add_option("--from", given.from, "of an event hub: earliest, latest, or an offset")->type_name("WHERE");
        command.add_option("--credit", given.credit, "of a receiving link [1000]")->check(CLI::Range(1, 1'000'000))->type_name("N");
    }
}

void add_message_options(CLI::App& command, bench_options& given) {
    if (given.mode == bench_mode::receive || given.mode == bench_mode::storm)
        return;
    command.add_option("--size", given.size, "of a message's body, bytes [256]")->check(CLI::Range(0, 1 << 28))->type_name("B");
    command.add_option("--window", given.window, "unsettled messages of a link, at most [100]")
        ->check(CLI::Range(1, 65'536))
        ->type_name("W");
    command.add_option("--rate", given.rate, "messages per second in all; latency then counts from when each was due [as fast as it goes]")
        ->check(CLI::PositiveNumber)
        ->type_name("R");
    command.add_flag("--durable", given.durable, "the header says so");
    if (given.mode == bench_mode::c2d) {
        command.add_option("--devices", given.devices, "that receive, each on a connection of its own [1000]")
            ->check(CLI::Range(1, 1'000'000))
            ->type_name("N");
        return;
    }
    command.add_flag("--settled", given.settled, "sent settled: nobody says what became of them");
    command.add_option("--batch", given.batch, "so many messages in one of format 0x80013700 [1]")
        ->check(CLI::Range(1, 10'000))
        ->type_name("K");
}

} // namespace

void add_bench_options(CLI::App& command, bench_options& given) {
    add_server_options(command, given);
    add_connection_options(command, given);
    add_address_options(command, given);
    add_message_options(command, given);
    command.add_option("--duration", given.duration, "seconds to measure [5; with --count as long as it takes]")->type_name("S");
    command.add_option("--warm-up", given.warm_up, "seconds before that [1; with --count none]")->type_name("S");
    if (given.mode != bench_mode::idle)
        command.add_option("--count", given.count, "messages (of a storm: connections) in all")->type_name("N");
    add_output_option(command, given.form);
}

} // namespace capstan::cli
