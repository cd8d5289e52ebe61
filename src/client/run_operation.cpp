#include "client/run_operation.hpp"

#include <boost/asio/co_spawn.hpp>

namespace capstan::client {

namespace {

void run_for(const std::shared_ptr<hub_connection>& connection, completion<> then) {
    then.cancel().assign([weak = std::weak_ptr(connection)] {
        if (const auto cancelled = weak.lock())
            cancelled->close(client_error(errc::canceled));
    });
    auto over = [then = std::move(then), connection](const std::exception_ptr& error) mutable {
        if (error)
            then.fail(failure_of(error));
        else
            then.succeed();
    };
    asio::co_spawn(connection->strand(), connection->run(), std::move(over));
}

} // namespace

void start_run(std::shared_ptr<hub_connection> connection, completion<> then) {
    asio::dispatch(connection->strand(), [connection, then = std::move(then)]() mutable { run_for(connection, std::move(then)); });
}

} // namespace capstan::client
