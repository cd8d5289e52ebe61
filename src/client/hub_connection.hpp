#pragma once
// A connection to a hub that is made again whenever it is lost, shared by one participant or by thousands.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/unordered/unordered_flat_map.hpp>

#include "client/driver.hpp"
#include "client/participant.hpp"

namespace capstan::client {

class hub_connection : public std::enable_shared_from_this<hub_connection> {
public:
    /// `strand` serialises all that happens; the other functions are called on it. `with_cbs`: participants show tokens.
    hub_connection(asio::any_io_executor strand, endpoint to, const client_options& options, bool with_cbs);

    /// Connects and reconnects until closed. Ends with an exception (client_error) when it gives up: what is not transient before the
    /// first success, or more attempts than the retry policy has.
    asio::awaitable<void> run();
    /// Ends run(): says goodbye if there is somebody to say it to. All that waits fails with `why`.
    void close(const client_error& why = client_error(errc::closed));

    void add(std::shared_ptr<participant> added);
    void remove(const participant& gone);

    const client_options& options() const { return options_; }
    const asio::any_io_executor& strand() const { return strand_; }
    const std::string& host() const { return to_.host; }

private:
    /// One connection's life.
    struct conversation {
        std::shared_ptr<driver> on;
        std::optional<line> with;
        std::unique_ptr<request_response> cbs;
        struct routed {
            std::shared_ptr<link> to;
            participant* whose; ///< null: ours, of $cbs
        };
        boost::unordered_flat_map<std::uint32_t, routed> links;
        bool open = false;

        conversation() {} // a defaulted one is no default constructor yet where clang looks for it
    };

    asio::awaitable<std::optional<client_error>> connect_and_converse();
    asio::awaitable<void> until_over();
    void on_event(const amqp::event& what);
    void on(const amqp::opened&);
    void on(const amqp::attached& what);
    void on(const amqp::detached& what);
    void on(const amqp::delivery& what);
    void on(const amqp::disposed& what);
    void on(const amqp::credited& what);
    template<class Other> void on(const Other&) {}
    template<class Use> void with_link(amqp::link_id id, Use&& use);
    bool last_word(const client_error& why, std::chrono::milliseconds& pause);
    void end_of_conversation(const client_error& why);
    amqp::settings engine_settings() const;

    asio::any_io_executor strand_;
    endpoint to_;
    client_options options_;
    bool with_cbs_;
    amqp::settings settings_;
    backoff backoff_;
    asio::steady_timer signal_; ///< wakes run(): the end of a conversation, of a pause, or of all
    asio::cancellation_signal give_up_; ///< of the attempt to connect that is under way
    std::vector<std::shared_ptr<participant>> participants_;
    std::optional<conversation> now_;
    std::optional<client_error> over_; ///< why the conversation ended
    std::optional<client_error> closed_;
    bool connected_before_ = false;
};

} // namespace capstan::client
