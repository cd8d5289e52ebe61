#pragma once
// A hub behind a listener, and clients of it that wait for everything they do.

#include <csignal>
#include <future>

#include <boost/asio.hpp>
#include <gtest/gtest.h>

#include "hub/hub.hpp"
#include "server/certificates.hpp"
#include "server/listener.hpp"
#include "support/temporary_folder.hpp"

namespace capstan::test {

namespace asio = boost::asio;

/// A socket that does not wait for ever: a test that would fails instead.
inline void limit_waiting(asio::ip::tcp::socket& socket) {
    const timeval ten_seconds{.tv_sec = 10, .tv_usec = 0};
    setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &ten_seconds, sizeof ten_seconds);
}

/// Our own engine as a client, over whatever is below it.
class engine_client {
public:
    virtual ~engine_client() = default;
    virtual void write(bytes_view what) = 0;

    /// Runs the engine until it gives an event of that kind.
    template<class Event> Event until() {
        for (;;) {
            while (auto event = engine_.next_event())
                if (const auto* wanted = std::get_if<Event>(&*event))
                    return *wanted;
            write_output();
            const auto count = read_some(asio::buffer(input_));
            engine_.receive(bytes_view(input_).first(count), now());
        }
    }

protected:
    virtual std::size_t read_some(asio::mutable_buffer into) = 0;

    /// What the engine has left.
    void write_output() {
        while (engine_.next_event()) {}
        for (auto output = engine_.output(); !output.empty(); output = engine_.output()) {
            write(output);
            engine_.sent(output.size());
        }
    }

private:
    static steady_time now() { return std::chrono::steady_clock::now(); }
    static amqp::settings client_settings() {
        amqp::settings made;
        made.container_id = "test";
        made.hostname = "localhost";
        made.sasl_mechanism = "ANONYMOUS";
        return made;
    }

    amqp::settings settings_ = client_settings();
    amqp::connection engine_{amqp::side::client, settings_, now()};
    bytes input_ = bytes(64 * 1024);
};

class hub_behind_listener : public testing::Test {
protected:
    static constexpr std::size_t limit = 3;

    hub_behind_listener() { std::signal(SIGPIPE, SIG_IGN); }

    /// Ends the threads, before anything that they use.
    void TearDown() override {
        listener_.stop_accepting();
        listener_.end_connections();
        EXPECT_TRUE(listener_.wait_until_gone(soon()));
        store_->close();
        threads_.stop(soon());
    }

    static steady_time soon() { return server::io_thread::now() + std::chrono::seconds(10); }
    void start() {
        threads_.start([this](std::size_t thread) { hub_.tick(thread); });
    }

    /// What has been posted to the threads so far is done.
    void wait_for_threads() {
        for (std::size_t i = 0; i < threads_.size(); ++i) {
            std::promise<void> done;
            threads_[i].post([&] { done.set_value(); });
            done.get_future().wait();
        }
    }

    static std::shared_ptr<const net::tls_context> tls_in(const std::filesystem::path& folder) {
        const auto files = server::prepare_own_certificate(folder, {"localhost"}, system_wall_clock().now()).value();
        return net::tls_context::for_server({files.certificate, files.key}).value();
    }

    temporary_folder folder_;
    server::io_threads threads_{2};
    system_wall_clock clock_;
    std::unique_ptr<store::store> store_ = store::open_memory_store(clock_, 4);
    hub::settings rules_;
    amqp::settings engine_settings_ = hub::engine_settings(rules_);
    auth::policy_set policies_ = auth::policy_set::built_in();
    hub::hub hub_{rules_, policies_, *store_, clock_, threads_.queues()};
    net::current_tls tls_{tls_in(folder_ / "tls")};
    server::listener listener_{threads_, hub_, engine_settings_, tls_, limit};
};

} // namespace capstan::test
