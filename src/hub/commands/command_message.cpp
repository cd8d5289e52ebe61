#include "hub/commands/command_message.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "hub/message_rules.hpp"

namespace capstan::hub {
namespace {

std::expected<store::ack_mode, std::string> ack_of(std::string_view text) {
    if (text.empty() || text == "none")
        return store::ack_mode::none;
    if (text == "positive")
        return store::ack_mode::positive;
    if (text == "negative")
        return store::ack_mode::negative;
    if (text == "full")
        return store::ack_mode::full;
    return std::unexpected(fmt::format("iothub-ack must be none, positive, negative or full, not '{}'.", text));
}

/// A property's text, for the few kinds that have an obvious one.
std::string property_text(const amqp::value& value) {
    if (const auto text = value.text())
        return std::string(*text);
    if (const auto* flag = value.get<bool>())
        return *flag ? "true" : "false";
    if (const auto number = value.integer())
        return std::to_string(*number);
    if (const auto* number = value.get<double>())
        return fmt::format("{}", *number);
    if (const auto* number = value.get<float>())
        return fmt::format("{}", *number);
    if (const auto* id = value.get<amqp::uuid>())
        return amqp::id_text(*id);
    return amqp::to_text(value);
}

/// Keys and values as strings: Azure's C client refuses a message that has others.
std::expected<amqp::map, std::string> text_properties(const amqp::message_view& message) {
    amqp::map result;
    if (!message.application_properties())
        return result;
    const auto decoded = amqp::decode_value(message.application_properties().content);
    const auto* map = decoded ? decoded->get<amqp::map>() : nullptr;
    if (!map)
        return std::unexpected("The application properties are not a map.");
    for (const auto& [key, value] : map->entries)
        result.entries.emplace_back(property_text(key), property_text(value));
    return result;
}

/// The message's own expiry, or the hub's default. contract/semantics.md, 1.4.
std::expected<wall_time, std::string> expiry_of(const amqp::message_properties& properties, const settings& rules, wall_time now) {
    if (!properties.absolute_expiry_time || properties.absolute_expiry_time->milliseconds == 0)
        return now + rules.command_ttl;
    const auto ask = wall_time(std::chrono::milliseconds(properties.absolute_expiry_time->milliseconds));
    if (ask <= now)
        return std::unexpected("The message's expiry time lies in the past.");
    if (ask > now + rules.command_ttl_max)
        return std::unexpected("The message's expiry time lies too far ahead.");
    return ask;
}

amqp::message_properties for_device(const amqp::message_properties& sent, std::string_view to) {
    amqp::message_properties properties = sent;
    // Ids as text: what the type of a real hub's is nobody knows, and every client reads a string (contract/iothub-amqp.md, 6.2).
    if (!sent.message_id.is_null())
        properties.message_id = amqp::id_text(sent.message_id);
    if (!sent.correlation_id.is_null())
        properties.correlation_id = amqp::id_text(sent.correlation_id);
    properties.to = to;
    return properties;
}

/// The sections as they are, each behind the short form of its descriptor.
void copy_sections(bytes_view sections, amqp::bytes& out) {
    amqp::encoder to(out);
    std::optional<std::uint64_t> code;
    std::string_view name;
    amqp::encoded_view content;
    // The message was checked when it was parsed: this stops at the end only.
    for (amqp::decoder from(sections); from.enter_described() && from.read_descriptor(code, name) && from.skip(content);) {
        to.descriptor(code.value());
        to.write(content);
    }
}

/// Data, text or binary becomes exactly one data section: the C and Java clients read no other body. Any other value, and sequences,
/// stay as they came, for they are what the service wants its device to have; only their descriptors are written as readers know
/// them (contract/event-hubs.md, 2.5).
void write_body(const amqp::message_view& sent, amqp::bytes& out) {
    const auto value = sent.body_value() ? amqp::decode_value(sent.body_value()) : std::nullopt;
    const bool sequence = sent.body_kind() == amqp::section_code::sequence;
    if (value && value->text())
        amqp::message_builder(out).data(*value->text());
    else if (!sequence && (!sent.body_value() || (value && value->is_null())))
        amqp::message_builder(out).data(sent.joined_data());
    else
        copy_sections(sent.body(), out);
}

} // namespace

std::expected<incoming_command, amqp::error> read_command(const amqp::message_view& message, const settings& rules, wall_time now) {
    const auto invalid = [&](errc code, std::string_view why) { return std::unexpected(describe(code, why, now)); };
    if (amqp::accounted_size(message) > rules.command_size_max)
        return invalid(errc::message_too_large, fmt::format("The message is larger than {} bytes.", rules.command_size_max));
    const auto properties = amqp::read_properties(message.properties().content);
    if (!properties)
        return invalid(errc::invalid_format, properties.error());
    if (!properties->to || properties->to->empty())
        return invalid(errc::argument_invalid, "The message has no 'to'.");
    const auto texts = text_properties(message);
    if (!texts)
        return invalid(errc::invalid_format, texts.error());
    if (const auto problem = command_problem(amqp::id_text(properties->message_id), *texts))
        return invalid(errc::argument_invalid, *problem);
    const auto* asked = texts->find("iothub-ack");
    const auto ack = ack_of(asked ? *asked->text() : "");
    if (!ack)
        return invalid(errc::argument_invalid, ack.error());
    const auto expires = expiry_of(*properties, rules, now);
    if (!expires)
        return invalid(errc::message_expiry_invalid, expires.error());

    incoming_command result{.to = std::string(*properties->to), .command = {}};
    result.command.enqueued = now;
    result.command.expires = *expires;
    result.command.ack = *ack;
    result.command.message_id = amqp::id_text(properties->message_id);
    amqp::message_builder out(result.command.message);
    out.properties(for_device(*properties, result.to));
    if (!texts->entries.empty())
        out.application_properties(*texts);
    write_body(message, result.command.message);
    return result;
}

namespace {

/// Where each octet of a GUID's text is in the token, from the left.
constexpr std::array<std::size_t, 16> guid_order = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
constexpr bool hyphen_before(std::size_t octet) { return octet == 4 || octet == 6 || octet == 8 || octet == 10; }

} // namespace

std::string token_text(const lock_token& token) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    text.reserve(36);
    for (std::size_t i = 0; i < guid_order.size(); ++i) {
        if (hyphen_before(i))
            text += '-';
        text += digits[token[guid_order[i]] >> 4];
        text += digits[token[guid_order[i]] & 0x0f];
    }
    return text;
}

std::optional<lock_token> token_from_text(std::string_view text) {
    lock_token token{};
    for (std::size_t i = 0; i < guid_order.size(); ++i) {
        if (hyphen_before(i) && !std::exchange(text, text.substr(std::min<std::size_t>(1, text.size()))).starts_with('-'))
            return std::nullopt;
        const auto digits = text.substr(0, 2);
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), token[guid_order[i]], 16);
        if (digits.size() < 2 || error != std::errc() || end != digits.data() + 2)
            return std::nullopt;
        text.remove_prefix(2);
    }
    return text.empty() ? std::optional(token) : std::nullopt;
}

void write_command_head(const store::command& command, const lock_token& token, bytes& out) {
    out.clear();
    amqp::message_builder(out).message_annotations([&](amqp::map_writer& entries) {
        entries.add("iothub-enqueuedtime", amqp::timestamp{command.enqueued.time_since_epoch().count()});
        entries.add("iothub-deliverycount", static_cast<std::uint8_t>(std::min(command.delivery_count, 255u)));
        entries.add("x-opt-sequence-number", command.sequence);
        entries.add("x-opt-lock-token", std::string_view(token_text(token)));
    });
}

} // namespace capstan::hub
