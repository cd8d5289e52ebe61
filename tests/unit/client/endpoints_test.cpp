#include "client/endpoints.hpp"

#include <gtest/gtest.h>

#include <capstan/error.hpp>

namespace capstan::client {
namespace {

TEST(endpoints, ports) {
    struct row {
        std::string_view host;
        client_options options;
        std::string_view name;
        std::uint16_t port;
    };
    const auto websockets = client_options().over(transport::amqp_over_websockets);
    const row rows[] = {
        {"hub.example", client_options(), "hub.example", 5671},
        {"hub.example:15671", client_options(), "hub.example", 15671},
        {"hub.example", client_options().port(99), "hub.example", 99},
        {"hub.example:15671", client_options().port(99), "hub.example", 15671},
        {"hub.example", websockets, "hub.example", 443},
        {"hub.example:15671", websockets, "hub.example", 443},
        {"hub.example:15671", client_options(websockets).port(8443), "hub.example", 8443},
        {"hub.example", client_options().over(transport::plain_amqp), "hub.example", 5672},
        {"127.0.0.1:1", client_options(), "127.0.0.1", 1},
        {"[::1]:15671", client_options(), "::1", 15671},
        {"[::1]", client_options(), "::1", 5671},
        {"::1", client_options(), "::1", 5671},
    };
    for (const auto& row : rows) {
        const auto to = hub_endpoint(row.host, row.options);
        EXPECT_EQ(to.host, row.name) << row.host;
        EXPECT_EQ(to.port, row.port) << row.host;
    }
    EXPECT_EQ(hub_endpoint("h", websockets).websocket_path, "/$iothub/websocket");
    EXPECT_EQ(event_hub_endpoint("h", websockets).websocket_path, "/$servicebus/websocket");
}

TEST(endpoints, a_port_that_is_none) {
    for (const auto* host : {"hub:", "hub:x", "hub:70000", "hub:1x", "[::1]:"})
        EXPECT_THROW(hub_endpoint(host, client_options()), client_error) << host;
}

} // namespace
} // namespace capstan::client
