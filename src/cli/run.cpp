#include "cli/run.hpp"

#include <cstdio>
#include <exception>

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

} // namespace

int run(int argc, const char* const* argv) {
    CLI::App program("Capstan: a self-hosted IoT hub that Azure IoT and Event Hubs SDKs connect to.", "capstan");
    program.footer(examples);
    program.require_subcommand(1);
    action chosen;
    add_serve(program, chosen);
    add_connection_string(program, chosen);
    add_device(program, chosen);
    add_module_identity(program, chosen);
    add_certificate(program, chosen);
    add_consumer_group(program, chosen);
    add_route(program, chosen);
    add_monitor_events(program, chosen);
    add_monitor_feedback(program, chosen);
    add_bench(program, chosen);
    add_generate_sas_token(program, chosen);
    add_completion(program, chosen);
    add_manual(program, chosen);
    add_version(program, chosen);
    try {
        program.parse(argc, argv);
        return chosen();
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? exit_ok : exit_usage;
    } catch (const failed& error) {
        fmt::print(stderr, "capstan: {}\n", error.what());
        return error.code;
    } catch (const std::exception& error) {
        fmt::print(stderr, "capstan: {}\n", error.what());
        return exit_usage;
    }
}

} // namespace capstan::cli
