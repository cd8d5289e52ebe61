// A small AMQP server around the engine, for foreign clients: no TLS, one thread, nodes in memory. Prints its port, then serves
// until its standard input ends.
//
//     sink              takes everything         reject, release   say so of everything
//     q/NAME            a queue: what is sent there is given to whoever receives from there; what is released comes again
//     refuse            cannot be attached
//
// `user` with the password `secret` may come in by PLAIN, anybody by ANONYMOUS or MSSBCBS or without SASL.

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <capstan/amqp/connection.hpp>

namespace {

using namespace capstan::amqp;
using steady_clock = std::chrono::steady_clock;

constexpr std::uint32_t credit = 10;
constexpr std::size_t output_limit = 1 << 20; ///< more is not written ahead of a client that reads slowly

/// uAMQP sends the whole URI as the address.
std::string node_of(const std::string& address) {
    const auto scheme = address.find("://");
    return scheme == std::string::npos ? address : address.substr(address.find('/', scheme + 3) + 1);
}

using queues = std::map<std::string, std::deque<bytes>>;

class peer {
public:
    peer(int socket, const settings& with, queues& all) : socket_(socket), queues_(all), engine_(side::server, with, steady_clock::now()) {}
    ~peer() { ::close(socket_); }
    peer(const peer&) = delete;
    peer& operator=(const peer&) = delete;

    pollfd wants() const { return {socket_, static_cast<short>(POLLIN | (engine_.output_size() > 0 ? POLLOUT : 0)), 0}; }

    /// False: it is over.
    bool turn(short ready) {
        const auto now = steady_clock::now();
        engine_.tick(now);
        if ((ready & (POLLIN | POLLHUP | POLLERR)) && !read(now))
            return false;
        handle_events();
        for (const auto& [link, address] : outgoing_)
            give(link, address);
        return write() && !engine_.finished();
    }

private:
    bool read(steady_time now) {
        std::uint8_t buffer[4096];
        const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
        if (count <= 0)
            return false;
        engine_.receive({buffer, static_cast<std::size_t>(count)}, now);
        handle_events();
        return true;
    }
    bool write() {
        while (engine_.output_size() > 0) {
            const auto next = engine_.output();
            const auto count = ::send(socket_, next.data(), next.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count < 0)
                return errno == EAGAIN || errno == EWOULDBLOCK;
            engine_.sent(static_cast<std::size_t>(count));
        }
        return true;
    }
    void handle_events() {
        while (const auto what = engine_.next_event())
            std::visit([this](const auto& each) { on(each); }, *what);
    }

    void on(const sasl_requested& e) {
        const bool known = e.mechanism == "PLAIN" && as_text(e.response) == std::string_view("\0user\0secret", 12);
        engine_.answer_sasl(known || e.mechanism == "ANONYMOUS" || e.mechanism == "MSSBCBS" ? 0 : 1);
    }
    void on(const opened&) {}
    void on(const closed&) {}
    void on(const attached& e) {
        const auto& info = *engine_.find(e.link);
        const bool sends = info.role == role::sender;
        const auto address = node_of((sends ? info.source_terminus : info.target_terminus).address);
        if (address == "refuse")
            return static_cast<void>(engine_.refuse(e.link, error(condition::not_found, "there is no such node")));
        (sends ? outgoing_ : incoming_)[e.link] = address;
        engine_.accept(e.link, {.snd_settle_mode = info.snd_settle_mode, .rcv_settle_mode = info.rcv_settle_mode, .credit = credit});
    }
    void on(const detached& e) {
        incoming_.erase(e.link);
        outgoing_.erase(e.link);
        std::erase_if(given_, [&](const auto& each) { return each.second.first == e.link; });
    }
    void on(const delivery& e) {
        const auto& address = incoming_.at(e.link);
        if (address.starts_with("q/"))
            queues_[address].emplace_back(e.payload.begin(), e.payload.end());
        if (!e.settled)
            engine_.settle(e.link, e.id, e.id, outcome_at(address));
        if (engine_.credit_left(e.link) <= credit / 2)
            engine_.set_credit(e.link, credit);
    }
    static delivery_state outcome_at(const std::string& address) {
        if (address == "reject")
            return delivery_state::rejected(error(condition::not_allowed, "never"));
        return address == "release" ? delivery_state::released() : delivery_state::accepted();
    }
    void on(const disposed& e) {
        for (auto id = e.first;; id = static_cast<delivery_id>(static_cast<std::uint32_t>(id) + 1)) {
            if (auto found = given_.extract(id); found && e.state.what == delivery_state::shape::released)
                queues_[outgoing_.at(e.link)].push_front(std::move(found.mapped().second));
            if (id == e.last)
                break;
        }
        if (!e.settled)
            engine_.confirm(e.link, e.first, e.last, e.state);
    }
    void on(const credited&) {}

    void give(link_id link, const std::string& address) {
        auto& queue = queues_[address];
        const bool settled = engine_.find(link)->snd_settle_mode == 1;
        while (!queue.empty() && engine_.credit(link) > 0 && engine_.output_size() < output_limit) {
            const bytes_view piece = queue.front();
            const auto tag = std::to_string(++tags_);
            const auto id = engine_.send(link, as_bytes(tag), {&piece, 1}, {.settled = settled});
            if (!settled)
                given_.emplace(*id, std::pair(link, std::move(queue.front())));
            queue.pop_front();
        }
        if (queue.empty() && engine_.draining(link))
            engine_.drained(link);
    }

    const int socket_;
    queues& queues_;
    connection engine_;
    std::map<link_id, std::string> incoming_, outgoing_; ///< with the addresses of their nodes
    /// What waits for its outcome. This server's clients open one session a connection, so the ids alone tell deliveries apart.
    std::map<delivery_id, std::pair<link_id, bytes>> given_;
    std::uint64_t tags_ = 0;
};

int listening_socket() {
    const int listening = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(listening, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listening, 64) != 0 ||
        ::getsockname(listening, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
        std::perror("engine_server");
        std::exit(1);
    }
    std::printf("%d\n", ntohs(address.sin_port));
    std::fflush(stdout);
    return listening;
}

void serve(int listening, const settings& with) {
    queues all;
    std::vector<std::unique_ptr<peer>> peers;
    for (;;) {
        std::vector<pollfd> wanted{{STDIN_FILENO, POLLIN, 0}, {listening, POLLIN, 0}};
        for (const auto& each : peers)
            wanted.push_back(each->wants());
        ::poll(wanted.data(), wanted.size(), 100); // also the engines' clock, coarse as it is
        if (wanted[0].revents != 0)
            return;
        for (std::size_t index = 0; index < peers.size(); ++index)
            if (!peers[index]->turn(wanted[index + 2].revents))
                peers[index].reset();
        std::erase(peers, nullptr);
        if (wanted[1].revents & POLLIN)
            peers.push_back(std::make_unique<peer>(::accept(listening, nullptr, nullptr), with, all));
    }
}

} // namespace

int main(int count, char** arguments) {
    settings with;
    with.container_id = "engine-server";
    with.hostname = "localhost";
    with.sasl_mechanisms = {"PLAIN", "ANONYMOUS", "MSSBCBS"};
    if (count > 1)
        with.max_frame_size = static_cast<std::uint32_t>(std::atoi(arguments[1]));
    const int listening = listening_socket();
    serve(listening, with);
    ::close(listening);
}
