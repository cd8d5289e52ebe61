#include "client/settlement.hpp"

#include <boost/asio/dispatch.hpp>

namespace capstan::client {

void settlement::settle(amqp::delivery_state state, completion<> then) const {
    auto work = [on = on_, attachment = attachment_, delivery = delivery_, state = std::move(state), then = std::move(then)]() mutable {
        if (const auto link = on.lock())
            link->settle(attachment, delivery, state, std::move(then));
        else
            then.fail(client_error(errc::closed));
    };
    asio::dispatch(strand_, std::move(work));
}

} // namespace capstan::client
