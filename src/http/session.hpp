#pragma once
#include <memory>
#include <set>

#include <boost/asio/awaitable.hpp>

#include "http/exchange.hpp"
#include "http/server.hpp"
#include "http/wire.hpp"

namespace capstan::http {

/// The sessions of one thread that wait for a request, or the rest of one, so that they can be ended when the server stops. Touched on
/// that thread only.
struct waiting_sessions {
    std::set<wire*> wires{};
    bool stopping = false;

    void end() {
        stopping = true;
        for (auto* each : wires)
            each->cancel();
    }
};

/// Serves one connection until it ends, or until `websockets` takes it: handshake, then request after request.
asio::awaitable<void> serve_session(net::tcp_socket socket, std::shared_ptr<const net::tls_context> tls, context in, const limits& bounds,
                                    waiting_sessions& waiting, const websocket_host& websockets);

} // namespace capstan::http
