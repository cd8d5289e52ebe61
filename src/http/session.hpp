#pragma once
#include <set>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/tcp_stream.hpp>

#include "http/exchange.hpp"
#include "http/server.hpp"

namespace capstan::http {

/// The sessions of one thread that wait for a request, so that they can be ended when the server stops. Touched on that thread only.
struct waiting_sessions {
    std::set<boost::beast::tcp_stream*> streams{};
    bool stopping = false;

    void end() {
        stopping = true;
        for (auto* each : streams)
            each->cancel();
    }
};

/// Serves one connection until it ends: handshake, then request after request.
asio::awaitable<void> serve_session(asio::ip::tcp::socket socket, asio::ssl::context& tls, context in, const limits& bounds,
                                    waiting_sessions& waiting);

} // namespace capstan::http
