#pragma once
// One thread of the load generator: its connections on an epoll.

#include <atomic>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "load/connection.hpp"
#include "load/driver/plan.hpp"
#include "load/driver/socket.hpp"
#include "load/schedule.hpp"

namespace capstan::load {

enum class phase : std::uint8_t { connecting, warm_up, measuring, draining, closing };

class worker {
public:
    /// Takes every connection of the plan whose number leaves `index` when divided by the threads. Throws.
    worker(const plan& what, unsigned index, const endpoint& server);
    ~worker();
    worker(const worker&) = delete;

    void start();
    void enter(phase next) { wanted_ = next; }
    void join() {
        if (thread_.joinable())
            thread_.join();
    }

    // What the main thread may look at.
    struct view {
        std::size_t ready = 0, failed = 0;
        std::uint64_t messages = 0; ///< of the phase
        std::int64_t last_ready = 0;
        bool done = false;    ///< all that is to be sent has been settled
        bool settled = false; ///< nothing that was sent waits for its outcome
    };
    view look() const;
    std::size_t connections() const { return peers_.size(); }
    const plan& what() const { return plan_; }

    // After join: of the measured time.
    const tally& counts() const { return measured_; }
    std::int64_t began() const { return began_; }
    std::int64_t ended() const { return ended_; }

private:
    struct peer {
        std::size_t number = 0; ///< in the plan
        client_socket socket{};
        std::optional<connection> amqp{};
        bytes unsent{}, unparsed{};
        std::size_t sent = 0; ///< of unsent
        std::int64_t began = 0;
        bool wants_write = false, queued = false, was_ready = false, down = false;
    };

    void run();
    void enter_phase(phase next, std::int64_t now);
    void begin_measuring(std::int64_t now);
    void end_measuring(std::int64_t now);
    void wait(std::int64_t now);
    std::int64_t wake_time(std::int64_t now) const;
    void housekeep(std::int64_t now);
    void publish(std::int64_t now);

    void connect_more(std::int64_t now);
    void connect(peer& one, std::int64_t now);
    void on_event(peer& one, std::uint32_t events, std::int64_t now);
    bool read(peer& one, std::int64_t now);
    void serve(peer& one, std::int64_t now);
    void write(peer& one);
    bool flush(peer& one);
    void want_write(peer& one, bool wanted);
    void on_ready(peer& one, std::int64_t now);
    void lose(peer& one, const std::string& why);
    void queue(peer& one);
    void serve_queued(std::int64_t now);

    void begin_schedule(std::int64_t now);
    void dispatch(std::int64_t now);
    bool sending() const { return phase_ == phase::warm_up || phase_ == phase::measuring; }
    std::uint64_t settled_messages() const;

    const plan& plan_;
    const unsigned index_;
    const endpoint& server_;
    std::optional<tls_client> tls_;
    int epoll_;
    std::deque<peer> peers_;
    std::size_t next_to_connect_ = 0, under_way_ = 0, ready_ = 0;
    std::vector<peer*> queued_, serving_;
    std::vector<peer*> reconnecting_, to_reconnect_; ///< at once, and soon

    bytes input_, output_;
    tally counts_, measured_;
    std::uint64_t left_; ///< messages that may still be sent
    std::int64_t began_ = 0, ended_ = 0, last_ready_ = 0, next_housekeeping_ = 0, next_heartbeats_ = 0, next_publication_ = 0;
    std::optional<schedule> schedule_;
    struct scheduled_sender {
        peer* of;
        std::size_t sender;
    };
    std::vector<scheduled_sender> senders_;
    std::uint64_t dispatched_ = 0;

    phase phase_ = phase::connecting;
    bool measured_is_set_ = false;
    std::atomic<phase> wanted_ = phase::connecting;
    mutable std::mutex mutex_;
    view view_;
    std::thread thread_;
};

} // namespace capstan::load
