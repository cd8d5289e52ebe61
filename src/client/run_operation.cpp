#include "client/run_operation.hpp"

#include <boost/asio/co_spawn.hpp>

namespace capstan::client {

void start_run(std::shared_ptr<hub_connection> connection, completion<> then) {
    if (auto slot = then.slot(); slot.is_connected())
        slot.assign([weak = std::weak_ptr(connection)](asio::cancellation_type) {
            const auto cancelled = weak.lock();
            if (!cancelled)
                return;
            asio::post(cancelled->strand(), [cancelled] { cancelled->close(client_error(errc::canceled)); });
        });
    auto over = [then = std::move(then), connection](const std::exception_ptr& error) mutable {
        if (error)
            then.fail(failure_of(error));
        else
            then.succeed();
    };
    asio::co_spawn(connection->strand(), connection->run(), std::move(over));
}

} // namespace capstan::client
