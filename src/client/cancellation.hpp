#pragma once
#include <functional>
#include <memory>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/post.hpp>

namespace capstan::client {

namespace asio = boost::asio;

/// How the caller of an operation takes it back. A slot belongs to the caller's thread, operations live on a strand: what is asked
/// there is carried here. Copies mean the same operation; one that was default-constructed is never cancelled.
class cancellation {
public:
    cancellation() = default;
    /// On the caller's thread, when the operation begins.
    cancellation(asio::cancellation_slot slot, asio::any_io_executor strand) {
        if (!slot.is_connected())
            return;
        state_ = std::make_shared<state>(std::move(strand));
        slot.assign([asked = state_](asio::cancellation_type) { asio::post(asked->strand, [asked] { ask(*asked); }); });
    }

    /// On the strand: `act` runs there when the operation is taken back, and soon if it has been already. It may come late: after the end.
    void assign(std::function<void()> act) const {
        if (!state_)
            return;
        state_->act = std::move(act);
        if (state_->asked)
            asio::post(state_->strand, state_->act);
    }

private:
    struct state {
        explicit state(asio::any_io_executor where) : strand(std::move(where)) {}
        asio::any_io_executor strand;
        bool asked = false;
        std::function<void()> act;
    };
    static void ask(state& what) {
        what.asked = true;
        if (what.act)
            what.act();
    }
    std::shared_ptr<state> state_;
};

} // namespace capstan::client
