#pragma once
// A net::stream as Boost.Beast reads and writes one (its AsyncStream), with a time limit. asio::ssl::stream would keep buffers of
// 34 KB and more for each connection, and could not be given to the AMQP side when a client asks for a WebSocket.

#include <memory>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/compose.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "net/stream.hpp"

namespace capstan::http {

namespace asio = boost::asio;

/// On the thread of its socket's io_context. One read and one write at a time.
class wire {
public:
    using executor_type = net::tcp_socket::executor_type;

    explicit wire(std::unique_ptr<net::stream> stream)
        : stream_(std::move(stream)), limit_(std::make_shared<limit>(*this)), timer_(stream_->socket().get_executor()) {}
    ~wire() { limit_->of = nullptr; }
    wire(const wire&) = delete;
    wire& operator=(const wire&) = delete;

    executor_type get_executor() { return stream_->socket().get_executor(); }
    net::stream& stream() { return *stream_; }

    /// What is begun from now on, and what is pending, has so long. After that it fails with timed_out.
    void expires_after(std::chrono::seconds time) {
        timer_.expires_after(time);
        timer_.async_wait([limit = limit_, count = ++limit_->count](const boost::system::error_code& cancelled) {
            if (!cancelled && limit->of && limit->count == count) // it may have been set anew while this was on its way
                limit->of->stop(asio::error::timed_out);
        });
    }

    /// What is pending fails, and all that is begun afterwards.
    void cancel() { stop(asio::error::operation_aborted); }

    /// Gives the stream to somebody else; nothing is pending, and nothing is done with this any more.
    std::unique_ptr<net::stream> release() { return std::move(stream_); }
    bool is_open() const { return stream_ != nullptr; }

    template<class Buffers, class Token> auto async_read_some(const Buffers& buffers, Token&& token) {
        const auto into = first_of<asio::mutable_buffer>(buffers);
        return start(std::forward<Token>(token),
                     [this, into] { return stream_->read_some({static_cast<std::uint8_t*>(into.data()), into.size()}); });
    }
    template<class Buffers, class Token> auto async_write_some(const Buffers& buffers, Token&& token) {
        const auto from = first_of<asio::const_buffer>(buffers);
        return start(std::forward<Token>(token),
                     [this, from] { return stream_->write_some({static_cast<const std::uint8_t*>(from.data()), from.size()}); });
    }

private:
    /// Outlives the wire as long as the timer's handler is on its way.
    struct limit {
        explicit limit(wire& its) : of(&its) {}
        wire* of;
        std::size_t count = 0; ///< how often it was set
    };

    /// Of a sequence of buffers, the first that is not empty.
    template<class Buffer, class Buffers> static Buffer first_of(const Buffers& buffers) {
        for (auto each = asio::buffer_sequence_begin(buffers); each != asio::buffer_sequence_end(buffers); ++each)
            if (Buffer(*each).size() > 0)
                return *each;
        return {};
    }

    void stop(const boost::system::error_code& why) {
        stopped_ = why;
        boost::system::error_code ignored;
        if (stream_)
            stream_->socket().cancel(ignored);
    }

    /// Tries, waits for the socket as it is told, tries again.
    template<class Try> struct operation {
        wire& on;
        Try attempt;
        bool begun = false;

        template<class Self> void operator()(Self& self, const boost::system::error_code& = {}) {
            if (!std::exchange(begun, true)) // where it is begun it may not complete
                return asio::post(on.get_executor(), std::move(self));
            const auto did = on.stopped_ ? net::io_result{net::io_state::failed, 0, on.stopped_} : attempt();
            switch (did.state) {
            case net::io_state::moved: return self.complete({}, did.count);
            case net::io_state::wait_readable: return on.stream_->socket().async_wait(net::tcp_socket::wait_read, std::move(self));
            case net::io_state::wait_writable: return on.stream_->socket().async_wait(net::tcp_socket::wait_write, std::move(self));
            case net::io_state::closed: return self.complete(asio::error::eof, 0);
            case net::io_state::over:
            case net::io_state::failed: return self.complete(did.error, 0);
            }
        }
    };

    template<class Token, class Try> auto start(Token&& token, Try attempt) {
        return asio::async_compose<Token, void(boost::system::error_code, std::size_t)>(operation<Try>{*this, std::move(attempt)}, token,
                                                                                        stream_->socket());
    }

    std::unique_ptr<net::stream> stream_;
    std::shared_ptr<limit> limit_;
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, executor_type> timer_;
    boost::system::error_code stopped_; ///< why nothing is done any more
};

} // namespace capstan::http
