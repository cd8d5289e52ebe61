#pragma once
// What the examples share, so that each shows one thing only: settings from the environment, and an io_context that runs one coroutine.

#include <cstdlib>
#include <iostream>
#include <string>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

#include <capstan/client_options.hpp>
#include <capstan/error.hpp>

namespace asio = boost::asio;

namespace example {

/// The environment variable, or the end of the program.
inline std::string setting(const char* name) {
    const char* value = std::getenv(name);
    if (!value) {
        std::cerr << "set " << name << ": README.md says how\n";
        std::exit(1);
    }
    return value;
}

/// With the authority of a Capstan hub (CAPSTAN_CA=run/tls/ca.pem); without one, the system's: Azure's are among those. With the port
/// of its HTTPS (CAPSTAN_HTTPS_PORT), if that is not 443.
inline capstan::client_options options() {
    capstan::client_options made;
    if (const char* ca = std::getenv("CAPSTAN_CA"))
        made.ca_file(ca);
    if (const char* port = std::getenv("CAPSTAN_HTTPS_PORT"))
        made.https_port(static_cast<std::uint16_t>(std::stoi(port)));
    return made;
}

/// Runs it to its end. 0, or 1 with what went wrong on stderr.
inline int run(asio::awaitable<void> what) {
    int status = 0;
    asio::io_context context;
    asio::co_spawn(context, std::move(what), [&](std::exception_ptr error) {
        if (!error)
            return;
        std::cerr << capstan::failure_of(error).what() << '\n';
        status = 1;
    });
    context.run();
    return status;
}

} // namespace example
