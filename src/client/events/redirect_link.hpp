#pragma once
#include <functional>

#include "client/link.hpp"

namespace capstan::client {

/// Asks an IoT hub for its events, to be told where they are. contract/event-hubs.md, section 1.1.
class redirect_link final : public link {
public:
    /// Host (with port) and event hub.
    using answer = std::function<void(std::string host, std::string entity)>;
    using failure = std::function<void(const client_error&)>;
    redirect_link(answer found, failure failed) : found_(std::move(found)), failed_(std::move(failed)) {}

    amqp::attach_request request() override;
    bool on_redirect(const amqp::error& why) override;
    void on_failed(const client_error& why) override { failed_(why); }

private:
    void on_lost(const client_error&) override {}
    answer found_;
    failure failed_;
};

} // namespace capstan::client
