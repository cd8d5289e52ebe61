#pragma once
// Client operations as a command line wants them: to the end, or until Ctrl-C.

#include <optional>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>

#include <capstan/error.hpp>

#include "cli/failed.hpp"
#include "cli/hub_login.hpp"
#include "client/registry/rest.hpp"

namespace capstan::cli {

namespace asio = boost::asio;

/// What a client's failure means for whoever typed the command.
failed failure(const client_error& why);

/// Runs it on this thread to its end. Throws `failed`.
template<class T> T wait_for(asio::awaitable<T> work) {
    asio::io_context loop;
    std::optional<T> value;
    std::exception_ptr error;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr ended, T result) {
        error = std::move(ended);
        value.emplace(std::move(result));
    });
    loop.run();
    if (error)
        throw failure(failure_of(error));
    return std::move(*value);
}
void wait_for(asio::awaitable<void> work);

/// The same, for what goes on until SIGINT or SIGTERM: `stop` is called then, on the same thread, and has the work end.
void wait_until_interrupted(asio::io_context& loop, asio::awaitable<void> work, const std::function<void()>& stop);

/// One request to the hub's REST interface.
boost::json::value ask_hub(const hub_login& login, client::rest_request asked);

/// /devices/{id}
std::string device_path(std::string_view id);

} // namespace capstan::cli
