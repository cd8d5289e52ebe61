#include <array>

#include <capstan/amqp/message.hpp>

#include "auth/sas_token.hpp"
#include "scenario.hpp"

namespace capstan::bench {
namespace {

constexpr int messages = 10'000, tokens = 1'000;

amqp::bytes telemetry(std::string_view body) {
    amqp::message_properties properties;
    properties.message_id = "3a2f1b9e-58cd-4f1e-9d0a-6b1f6f7d2c11";
    properties.content_type = "application/json";
    amqp::bytes out;
    amqp::message_builder(out)
        .properties(properties)
        .application_properties([](amqp::map_writer& entries) { entries.add("room", std::string_view("cellar")); })
        .data(body);
    return out;
}

work decode() {
    return [message = telemetry(std::string(256, 'x'))] {
        std::size_t size = 0;
        for (int number = 0; number < messages; ++number) {
            const auto view = amqp::message_view::parse(message);
            if (!view || !amqp::read_properties(view->properties().content))
                return false;
            size += amqp::accounted_size(*view);
        }
        return size > 0;
    };
}

work encode() {
    return [body = std::string(256, 'x')] {
        std::size_t size = 0;
        for (int number = 0; number < messages; ++number)
            size += telemetry(body).size();
        return size > 0;
    };
}

/// Parsing and HMAC: what each new connection costs beside its handshake.
work check_tokens() {
    const std::string key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    const wall_time expires{std::chrono::seconds(1'700'000'000)};
    return [key, text = auth::make_sas_token("hub.local/devices/thermometer-1", key, "", expires)] {
        for (int number = 0; number < tokens; ++number) {
            const auto token = auth::parse_sas_token(text);
            if (!token || !auth::signed_by(*token, key))
                return false;
        }
        return true;
    };
}

const std::array scenarios{
    scenario{"message_is_decoded", messages, decode},
    scenario{"message_is_encoded", messages, encode},
    scenario{"token_is_checked", tokens, check_tokens},
};

} // namespace

std::span<const scenario> message_scenarios() { return scenarios; }

} // namespace capstan::bench
