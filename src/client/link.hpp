#pragma once
// A link that outlives connections: its owner says what it is and what to do with what comes; the participant that it belongs to
// attaches it again and again.

#include <functional>
#include <memory>

#include <capstan/amqp/connection.hpp>
#include <capstan/error.hpp>

namespace capstan::client {

/// What a link that is attached works with.
struct wire {
    amqp::connection& engine;
    std::function<void()> wake; ///< to be called when the engine was given something to send
};

/// On its connection's strand.
class link {
public:
    virtual ~link() = default;

    /// How to attach it, anew each time.
    virtual amqp::attach_request request() = 0;

    void attached(wire& to, amqp::link_id id) {
        wire_ = &to;
        id_ = id;
    }
    virtual void on_delivery(const amqp::delivery&) {}
    virtual void on_disposed(const amqp::disposed&) {}
    virtual void on_credited() {}
    /// The link is gone, and will be attached again unless `why` is for good.
    void lost(const client_error& why) {
        wire_ = nullptr;
        on_lost(why);
    }
    /// It will not be attached again.
    virtual void on_failed(const client_error& why) = 0;
    /// The peer sends us elsewhere. False: the link makes nothing of it, it has failed.
    virtual bool on_redirect(const amqp::error&) { return false; }

    bool up() const { return wire_ != nullptr; }
    amqp::link_id id() const { return id_; }

protected:
    virtual void on_lost(const client_error& why) = 0;
    amqp::connection& engine() const { return wire_->engine; }
    void wake() const {
        if (wire_)
            wire_->wake();
    }

private:
    wire* wire_ = nullptr;
    amqp::link_id id_{};
};

} // namespace capstan::client
