#pragma once
// What is behind a service_client: its participant on a connection of its own, its three links, and who waits for which feedback.

#include <capstan/service_client.hpp>

#include "client/completion.hpp"
#include "client/hub_connection.hpp"
#include "client/receiver_link.hpp"
#include "client/sender_link.hpp"

namespace capstan::client {

/// Made anywhere; used on its connection's strand.
class service_session : public std::enable_shared_from_this<service_session> {
public:
    static std::shared_ptr<service_session> create(const asio::any_io_executor& executor, service_identity who,
                                                   const client_options& options);

    const asio::any_io_executor& strand() const { return connection_->strand(); }
    const std::shared_ptr<hub_connection>& connection() const { return connection_; }
    const service_identity& who() const { return who_; }
    const client_options& options() const { return options_; }
    const asio::any_io_executor& executor() const { return executor_; }

    void send(const std::string& device_id, message what, completion<std::string> then);
    void send_and_confirm(const std::string& device_id, message what, completion<feedback_record> then);
    void receive_feedback(completion<feedback_batch> then);
    void receive_file(completion<file_notification> then);
    void observe(connection_observer observer) { participant_->observe(std::move(observer)); }
    void close();

private:
    /// Batches that nobody has asked for wait here, until the hub's lock on them has run out at the latest.
    static constexpr std::size_t max_kept = 100;
    using ticket = std::uint64_t;

    service_session(const asio::any_io_executor& executor, service_identity who, const client_options& options);
    void join();
    sender_link& commands();
    void listen();
    void no_feedback(const client_error& why);
    /// From what the hub has for services.
    std::shared_ptr<receiver_link> receiver(const std::string& what) const;
    void on_feedback(feedback_batch batch);
    bool confirm(const feedback_record& record);
    void keep(feedback_batch batch);
    void cancel_confirmation(const std::string& message_id);
    void cancel_receive(ticket which);
    void fail(const client_error& why);

    asio::any_io_executor executor_;
    service_identity who_;
    client_options options_;
    std::shared_ptr<hub_connection> connection_;
    std::shared_ptr<participant> participant_;
    std::shared_ptr<sender_link> commands_;
    std::shared_ptr<receiver_link> feedback_, files_;
    std::map<std::string, completion<feedback_record>> unconfirmed_; ///< by message id
    std::map<ticket, completion<feedback_batch>> waiting_;
    std::deque<feedback_batch> kept_;
    ticket next_ticket_ = 1;
    bool listening_ = false; ///< a receive is under way
    std::optional<client_error> failed_;
};

} // namespace capstan::client
