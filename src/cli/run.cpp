#include "cli/run.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>

#include <fmt/format.h>

#include "cli/commands.hpp"
#include "cli/failed.hpp"

namespace capstan::cli {
namespace {

constexpr const char* examples = R"(Examples:
  capstan serve --data ./hub                      run a hub; keys and certificates are made at its first start
  capstan device create dev1 --hub ./hub          register a device
  capstan connection-string show --hub ./hub      for service applications
  capstan connection-string show --hub ./hub --device-id dev1
  capstan connection-string show --hub ./hub --default-eventhub
  capstan monitor-events --hub ./hub              see what devices send
  capstan device simulate --hub ./hub --devices 1000 --rate 5000

A hub elsewhere, Azure's too: --login "HostName=...;SharedAccessKeyName=...;SharedAccessKey=...", or CAPSTAN_LOGIN.
Exit codes: 0 done, 1 wrong usage or configuration, 2 refused by the hub, 3 hub not reached.)";

/// What was printed has to arrive: a full disk is a failure of the command.
int flushed(int code) {
    std::cout.flush();
    if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0 && std::cout)
        return code;
    fmt::print(stderr, "capstan: cannot write to stdout: {}\n", std::strerror(errno));
    return code == exit_ok ? exit_usage : code;
}

} // namespace

void add_commands(CLI::App& program, action& chosen) {
    add_serve(program, chosen);
    add_connection_string(program, chosen);
    add_device(program, chosen);
    add_module_identity(program, chosen);
    add_certificate(program, chosen);
    add_consumer_group(program, chosen);
    add_route(program, chosen);
    add_query(program, chosen);
    add_monitor_events(program, chosen);
    add_monitor_feedback(program, chosen);
    add_bench(program, chosen);
    add_generate_sas_token(program, chosen);
    add_completion(program, chosen);
    add_manual(program, chosen);
    add_version(program, chosen);
}

int run(int argc, const char* const* argv) {
    CLI::App program("Capstan: a self-hosted IoT hub that Azure IoT and Event Hubs SDKs connect to.", "capstan");
    program.footer(examples);
    program.require_subcommand(1);
    action chosen;
    add_commands(program, chosen);
    try {
        program.parse(argc, argv);
        return flushed(chosen());
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? flushed(exit_ok) : exit_usage;
    } catch (const failed& error) {
        fmt::print(stderr, "capstan: {}\n", error.what());
        return error.code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "capstan: {}\n", error.what());
        return exit_usage;
    }
}

} // namespace capstan::cli
