#pragma once
// One identity on a connection, a device or a service, with its links: shows its token, keeps it fresh, keeps the links attached.
// What befalls it befalls no other participant of the connection.

#include <map>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include <capstan/connection_state.hpp>

#include "client/backoff.hpp"
#include "client/credentials.hpp"
#include "client/link.hpp"
#include "client/request_response.hpp"

namespace capstan::client {

namespace asio = boost::asio;

class participant;

/// A connection that is up, as participants see it.
struct line {
    wire to;
    request_response* cbs; ///< null where the TLS certificate or nothing is asked for
    /// Sends the link's events to it.
    std::function<void(amqp::link_id, std::shared_ptr<link>, participant*)> route;
};

/// On its connection's strand.
class participant : public std::enable_shared_from_this<participant> {
public:
    participant(asio::any_io_executor strand, std::optional<token_source> token, const retry_policy& policy);

    void add(std::shared_ptr<link> added);
    void remove(const link& gone);
    void observe(connection_observer observer) { observer_ = std::move(observer); }
    /// Called when it has failed for good.
    std::function<void(const client_error&)> on_failed;

    // --- by the connection
    void connecting();
    void online(line& with);
    void offline(const client_error& why);
    /// There will be another attempt.
    void waiting(const client_error& why, std::chrono::milliseconds pause) {
        change(connection_change(connection_state::waiting, why, pause));
    }
    /// The end: `why` is errc::closed, or what made the client give up.
    void fail(const client_error& why);
    void link_detached(const std::shared_ptr<link>& gone, const amqp::error& why);
    /// The peer has accepted the link: what comes later is not its own fault.
    void link_accepted(const link& which);

private:
    using steady_time = std::chrono::steady_clock::time_point;
    struct kept_link {
        std::shared_ptr<link> what;
        backoff again;                           ///< its own: that another link works says nothing of this one
        bool proven = false;                     ///< has been accepted before
        std::optional<steady_time> accepted{};   ///< since when it is up
        std::optional<steady_time> due{};        ///< when to attach it again; none: as soon as we may

        void went_down();
    };

    void authorise();
    void token_answered(const std::string& token, const std::expected<reply, client_error>& answer);
    void token_refused(const client_error& why);
    void authorise_again(const client_error& why);
    void let_in();
    void attach_due();
    void attach(link& what);
    void attach_again(kept_link& what, const client_error& why);
    void wait_for_due();
    void after(asio::steady_timer& timer, std::chrono::milliseconds pause, void (participant::*then)());
    kept_link* find(const link& what);
    void change(connection_change to);

    asio::any_io_executor strand_;
    std::optional<token_source> token_;
    retry_policy policy_;
    backoff backoff_;             ///< of tokens
    asio::steady_timer renewal_;  ///< of the token, or another attempt at it
    asio::steady_timer retry_;    ///< of links
    std::vector<kept_link> links_;
    line* line_ = nullptr;         ///< while the connection is up
    std::uint64_t connection_ = 0; ///< counts them: answers to an earlier one's requests are late
    std::uint16_t channel_ = 0;
    bool asking_ = false;          ///< a token has been shown, and not yet been answered
    bool authorised_ = false;      ///< on this connection
    bool trusted_ = false;         ///< has been authorised before: what is refused now may be let in again
    std::optional<client_error> failed_;
    connection_state state_ = connection_state::idle;
    connection_observer observer_;
};

} // namespace capstan::client
