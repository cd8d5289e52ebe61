// What may go wrong, and how a program hears of it: states of the connection, kinds of errors, a time limit, other completion tokens.
//
//     DEVICE="HostName=...;DeviceId=...;SharedAccessKey=..." 8_errors

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <boost/asio/steady_timer.hpp>

#include <capstan/device_client.hpp>

#include "example.hpp"

using namespace std::chrono_literals;
using namespace asio::experimental::awaitable_operators;

asio::awaitable<void> errors() {
    const auto executor = co_await asio::this_coro::executor;
    capstan::device_client device(executor, example::setting("DEVICE"), example::options());

    device.on_connection_changed([](const capstan::connection_change& change) {
        if (change.state() == capstan::connection_state::waiting)
            std::cout << "trying again in " << change.pause().count() << " ms: " << change.why()->what() << std::endl;
        if (change.state() == capstan::connection_state::connected)
            std::cout << "connected" << std::endl;
    });
    device.async_run([](std::exception_ptr error) { // a callback is a completion token like any other
        std::cout << "over: " << (error ? capstan::failure_of(error).what() : "closed") << std::endl;
    });

    // An exception, with what the hub said.
    try {
        auto too_large = capstan::message(std::string(300'000, 'x'));
        co_await device.async_send(std::move(too_large));
    } catch (const capstan::client_error& error) {
        std::cout << "refused: " << error.condition() << std::endl;
        if (error.code() == capstan::failure_kind::message)
            std::cout << "this message is to blame, the connection is well" << std::endl;
    }

    // No exception: the error is the first of the results.
    auto small = capstan::message("small");
    auto [failed] = co_await device.async_send(std::move(small), asio::as_tuple(asio::use_awaitable));
    std::cout << (failed ? capstan::failure_of(failed).what() : "accepted") << std::endl;

    // A limit of one's own: the operation that loses is cancelled.
    asio::steady_timer patience(executor, 200ms);
    auto first = co_await (device.async_receive() || patience.async_wait(asio::use_awaitable));
    std::cout << (first.index() == 0 ? "a command" : "no command within 200 ms") << std::endl;

    device.close();
}

int main() { return example::run(errors()); }
