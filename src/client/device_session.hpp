#pragma once
// What is behind a device_client: its participant on a connection of its own or a shared one, and its two links.

#include <capstan/device_client.hpp>

#include "client/completion.hpp"
#include "client/hub_connection.hpp"
#include "client/receiver_link.hpp"
#include "client/sender_link.hpp"

namespace capstan::client {

/// Made anywhere; used on its connection's strand.
class device_session : public std::enable_shared_from_this<device_session> {
public:
    /// With a connection of its own.
    static std::shared_ptr<device_session> create(const asio::any_io_executor& executor, device_identity who,
                                                  const client_options& options);
    /// On a shared one.
    static std::shared_ptr<device_session> create(std::shared_ptr<hub_connection> shared, device_identity who);

    const asio::any_io_executor& strand() const { return connection_->strand(); }
    bool shares() const { return shares_; }
    const std::shared_ptr<hub_connection>& connection() const { return connection_; }

    void await_end(completion<> then);
    void send(amqp::bytes payload, std::uint32_t format, completion<> then);
    void receive(completion<command> then);
    void observe(connection_observer observer) { participant_->observe(std::move(observer)); }
    void close();

private:
    device_session(std::shared_ptr<hub_connection> connection, bool shares, device_identity who);
    void join();
    std::string address(std::string_view what) const;

    std::shared_ptr<hub_connection> connection_;
    bool shares_;
    device_identity who_;
    std::shared_ptr<participant> participant_;
    std::shared_ptr<sender_link> telemetry_;    ///< from the first message on; another one when it has failed
    std::shared_ptr<receiver_link> commands_;   ///< from the first receive on, likewise
    std::map<std::uint64_t, completion<>> awaiting_end_; ///< in the order of the calls
    std::uint64_t next_ticket_ = 1;
    std::optional<client_error> ended_;
};

} // namespace capstan::client
