// A blocking client of a few lines around the engine: the loop that connection.hpp asks for, on a plain socket. Sends messages to
// the node "in" of an AMQP server, takes them back from its node "out", drains the link and closes. Status 0 when all went so.

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <capstan/amqp/connection.hpp>
#include <capstan/amqp/message.hpp>

namespace {

using namespace capstan;

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "engine_client: %s\n", why.c_str());
    std::exit(1);
}

class blocking_client {
public:
    blocking_client(std::uint16_t port, const amqp::settings& settings)
        : socket_(::socket(AF_INET, SOCK_STREAM, 0)), engine(amqp::side::client, settings, std::chrono::steady_clock::now()) {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const timeval patience{10, 0}; // ends a test that hangs
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        if (::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
            fail("cannot connect");
    }
    ~blocking_client() { ::close(socket_); }

    /// Runs the engine until the condition holds.
    void run_until(const char* what, const std::function<bool()>& holds) {
        for (write(); !holds(); write()) {
            std::uint8_t buffer[16 * 1024];
            const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
            if (count <= 0)
                fail(std::string("the connection ended, or nothing came, while waiting for ") + what);
            engine.receive({buffer, static_cast<std::size_t>(count)}, std::chrono::steady_clock::now());
            while (const auto event = engine.next_event())
                std::visit([this](const auto& happened) { on(happened); }, *event);
        }
    }

    int attached = 0, accepted = 0;
    bool opened = false, closed = false, drained = false;
    std::vector<amqp::bytes> received;

private:
    void write() {
        while (engine.output_size() > 0) {
            const auto out = engine.output();
            const auto count = ::send(socket_, out.data(), out.size(), MSG_NOSIGNAL);
            if (count <= 0)
                fail("cannot write");
            engine.sent(static_cast<std::size_t>(count));
        }
    }
    void on(const amqp::opened&) { opened = true; }
    void on(const amqp::attached&) { ++attached; }
    void on(const amqp::closed&) { closed = true; }
    void on(const amqp::detached& link) { fail("a link was detached: " + link.error.condition); }
    void on(const amqp::credited& link) {
        drained |= engine.credit_left(link.link) == 0 && engine.find(link.link)->role == amqp::role::receiver;
    }
    void on(const amqp::disposed& what) {
        if (what.state.what == amqp::delivery_state::shape::accepted)
            accepted += static_cast<int>(static_cast<std::uint32_t>(what.last) - static_cast<std::uint32_t>(what.first)) + 1;
    }
    void on(const amqp::delivery& message) {
        received.emplace_back(message.payload.begin(), message.payload.end());
        engine.settle(message.link, message.id, message.id, amqp::delivery_state::accepted());
    }
    void on(const amqp::sasl_requested&) {}

    int socket_;

public:
    amqp::connection engine;
};

amqp::bytes message_of(std::size_t size, char fill) {
    amqp::bytes out;
    amqp::message_builder(out).data(std::string(size, fill));
    return out;
}

amqp::attach_request link_to(const std::string& node, amqp::role role, std::uint32_t credit) {
    amqp::attach_request request;
    request.name = "link-" + node;
    request.role = role;
    request.source = amqp::encode_source(role == amqp::role::receiver ? node : "here");
    request.target = amqp::encode_target(role == amqp::role::sender ? node : "here");
    request.credit = credit;
    return request;
}

} // namespace

int main(int count, char** arguments) {
    if (count != 2)
        fail("usage: engine_client PORT");
    amqp::settings settings;
    settings.container_id = "engine-client";
    settings.hostname = "localhost";
    settings.sasl_mechanism = "ANONYMOUS";
    blocking_client client(static_cast<std::uint16_t>(std::atoi(arguments[1])), settings);
    client.run_until("the open", [&] { return client.opened; });

    const auto session = client.engine.open_session().value();
    const auto out = client.engine.attach(session, link_to("in", amqp::role::sender, 0)).value();
    // The large one takes many frames each way.
    const std::vector<amqp::bytes> messages{message_of(5, 'a'), message_of(300'000, 'b'), message_of(0, 'c')};
    client.run_until("credit", [&] { return client.engine.credit(out) >= messages.size(); });
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const std::uint8_t tag[] = {static_cast<std::uint8_t>(index)};
        const amqp::bytes_view piece = messages[index];
        if (!client.engine.send(out, tag, {&piece, 1}))
            fail("no credit");
    }
    client.run_until("the outcomes", [&] { return client.accepted == static_cast<int>(messages.size()); });

    const auto in = client.engine.attach(session, link_to("out", amqp::role::receiver, 10)).value();
    client.run_until("the messages", [&] { return client.received.size() == messages.size(); });
    for (std::size_t index = 0; index < messages.size(); ++index) {
        const auto sent = amqp::message_view::parse(messages[index]), got = amqp::message_view::parse(client.received[index]);
        if (!got || got->joined_data() != sent->joined_data())
            fail("a message came back changed");
    }
    client.engine.set_credit(in, 5, true);
    client.run_until("the drain", [&] { return client.drained; });
    client.engine.close();
    client.run_until("the close", [&] { return client.closed && client.engine.finished(); });
    std::puts("3 messages to Qpid Proton's server and back, one of 300000 bytes; drained; closed");
}
