#pragma once
// The frame bodies of the standard: part 2, section 2.7 (connection to close), and part 5, section 5.3.3 (SASL).
//
// A performative is a view: its texts and encoded values point into the frame that it was read from, or at what it is to be
// written from. each() lists its fields in the order of the standard; reading and writing both follow that one list. What a
// peer may leave out is optional, or has the standard's default.

#include <expected>
#include <optional>

#include <capstan/amqp/decoder.hpp>
#include <capstan/amqp/encoder.hpp>
#include <capstan/amqp/error.hpp>

namespace capstan::amqp {

/// Part 2, section 2.8.14.
struct error_view {
    static constexpr std::uint64_t code = 0x1d;
    static constexpr std::string_view name = "amqp:error:list";
    symbol_view condition;
    std::optional<std::string_view> description;
    encoded_view info;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("condition", s.condition), f.optional("description", s.description), f.map("info", s.info);
    }
};

/// Part 2, section 2.7.1.
struct open {
    static constexpr std::uint64_t code = 0x10;
    static constexpr std::string_view name = "amqp:open:list";
    std::string_view container_id;
    std::optional<std::string_view> hostname;
    std::uint32_t max_frame_size = 4294967295;
    std::uint16_t channel_max = 65535;
    std::optional<std::uint32_t> idle_time_out; ///< milliseconds
    encoded_view outgoing_locales, incoming_locales, offered_capabilities, desired_capabilities, properties;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("container-id", s.container_id), f.optional("hostname", s.hostname);
        f.defaulted("max-frame-size", s.max_frame_size), f.defaulted("channel-max", s.channel_max);
        f.optional("idle-time-out", s.idle_time_out);
        f.symbols("outgoing-locales", s.outgoing_locales), f.symbols("incoming-locales", s.incoming_locales);
        f.symbols("offered-capabilities", s.offered_capabilities), f.symbols("desired-capabilities", s.desired_capabilities);
        f.map("properties", s.properties);
    }
};

/// Part 2, section 2.7.2.
struct begin {
    static constexpr std::uint64_t code = 0x11;
    static constexpr std::string_view name = "amqp:begin:list";
    std::optional<std::uint16_t> remote_channel;
    std::uint32_t next_outgoing_id = 0, incoming_window = 0, outgoing_window = 0;
    std::uint32_t handle_max = 4294967295;
    encoded_view offered_capabilities, desired_capabilities, properties;
    template<class S, class F> static void each(S& s, F&& f) {
        f.optional("remote-channel", s.remote_channel);
        f.mandatory("next-outgoing-id", s.next_outgoing_id), f.mandatory("incoming-window", s.incoming_window);
        f.mandatory("outgoing-window", s.outgoing_window), f.defaulted("handle-max", s.handle_max);
        f.symbols("offered-capabilities", s.offered_capabilities), f.symbols("desired-capabilities", s.desired_capabilities);
        f.map("properties", s.properties);
    }
};

/// Part 2, section 2.7.3.
struct attach {
    static constexpr std::uint64_t code = 0x12;
    static constexpr std::string_view name = "amqp:attach:list";
    std::string_view link_name;
    std::uint32_t handle = 0;
    bool receiver = false; ///< the role of who sends this frame
    std::optional<std::uint8_t> snd_settle_mode, rcv_settle_mode; ///< absent: mixed, first
    encoded_view source, target, unsettled;
    bool incomplete_unsettled = false;
    std::optional<std::uint32_t> initial_delivery_count;
    std::optional<std::uint64_t> max_message_size;
    encoded_view offered_capabilities, desired_capabilities, properties;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("name", s.link_name), f.mandatory("handle", s.handle), f.mandatory("role", s.receiver);
        f.optional("snd-settle-mode", s.snd_settle_mode), f.optional("rcv-settle-mode", s.rcv_settle_mode);
        f.terminus("source", s.source), f.terminus("target", s.target), f.map("unsettled", s.unsettled);
        f.defaulted("incomplete-unsettled", s.incomplete_unsettled);
        f.optional("initial-delivery-count", s.initial_delivery_count), f.optional("max-message-size", s.max_message_size);
        f.symbols("offered-capabilities", s.offered_capabilities), f.symbols("desired-capabilities", s.desired_capabilities);
        f.map("properties", s.properties);
    }
};

/// Part 2, section 2.7.4.
struct flow {
    static constexpr std::uint64_t code = 0x13;
    static constexpr std::string_view name = "amqp:flow:list";
    std::optional<std::uint32_t> next_incoming_id;
    std::uint32_t incoming_window = 0, next_outgoing_id = 0, outgoing_window = 0;
    std::optional<std::uint32_t> handle, delivery_count, link_credit, available;
    bool drain = false, echo = false;
    encoded_view properties;
    template<class S, class F> static void each(S& s, F&& f) {
        f.optional("next-incoming-id", s.next_incoming_id), f.mandatory("incoming-window", s.incoming_window);
        f.mandatory("next-outgoing-id", s.next_outgoing_id), f.mandatory("outgoing-window", s.outgoing_window);
        f.optional("handle", s.handle), f.optional("delivery-count", s.delivery_count), f.optional("link-credit", s.link_credit);
        f.optional("available", s.available), f.defaulted("drain", s.drain), f.defaulted("echo", s.echo);
        f.map("properties", s.properties);
    }
};

/// Part 2, section 2.7.5.
struct transfer {
    static constexpr std::uint64_t code = 0x14;
    static constexpr std::string_view name = "amqp:transfer:list";
    std::uint32_t handle = 0;
    std::optional<std::uint32_t> delivery_id;
    std::optional<bytes_view> delivery_tag;
    std::optional<std::uint32_t> message_format;
    std::optional<bool> settled;
    bool more = false;
    std::optional<std::uint8_t> rcv_settle_mode;
    encoded_view state;
    bool resume = false, aborted = false, batchable = false;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("handle", s.handle), f.optional("delivery-id", s.delivery_id), f.optional("delivery-tag", s.delivery_tag);
        f.optional("message-format", s.message_format), f.optional("settled", s.settled), f.defaulted("more", s.more);
        f.optional("rcv-settle-mode", s.rcv_settle_mode), f.encoded("state", s.state);
        f.defaulted("resume", s.resume), f.defaulted("aborted", s.aborted), f.defaulted("batchable", s.batchable);
    }
};

/// Part 2, section 2.7.6.
struct disposition {
    static constexpr std::uint64_t code = 0x15;
    static constexpr std::string_view name = "amqp:disposition:list";
    bool receiver = false; ///< the role of who sends this frame
    std::uint32_t first = 0;
    std::optional<std::uint32_t> last;
    bool settled = false;
    encoded_view state;
    bool batchable = false;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("role", s.receiver), f.mandatory("first", s.first), f.optional("last", s.last);
        f.defaulted("settled", s.settled), f.encoded("state", s.state), f.defaulted("batchable", s.batchable);
    }
};

/// Part 2, section 2.7.7.
struct detach {
    static constexpr std::uint64_t code = 0x16;
    static constexpr std::string_view name = "amqp:detach:list";
    std::uint32_t handle = 0;
    bool closed = false;
    encoded_view error;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("handle", s.handle), f.defaulted("closed", s.closed), f.failure("error", s.error);
    }
};

/// Part 2, section 2.7.8.
struct end {
    static constexpr std::uint64_t code = 0x17;
    static constexpr std::string_view name = "amqp:end:list";
    encoded_view error;
    template<class S, class F> static void each(S& s, F&& f) { f.failure("error", s.error); }
};

/// Part 2, section 2.7.9.
struct close {
    static constexpr std::uint64_t code = 0x18;
    static constexpr std::string_view name = "amqp:close:list";
    encoded_view error;
    template<class S, class F> static void each(S& s, F&& f) { f.failure("error", s.error); }
};

/// Part 5, section 5.3.3.1. The mechanisms are an array of symbols, or one symbol.
struct sasl_mechanisms {
    static constexpr std::uint64_t code = 0x40;
    static constexpr std::string_view name = "amqp:sasl-mechanisms:list";
    encoded_view mechanisms;
    template<class S, class F> static void each(S& s, F&& f) { f.symbols("sasl-server-mechanisms", s.mechanisms); }
};

/// Part 5, section 5.3.3.2.
struct sasl_init {
    static constexpr std::uint64_t code = 0x41;
    static constexpr std::string_view name = "amqp:sasl-init:list";
    symbol_view mechanism;
    std::optional<bytes_view> initial_response;
    std::optional<std::string_view> hostname;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("mechanism", s.mechanism), f.optional("initial-response", s.initial_response), f.optional("hostname", s.hostname);
    }
};

/// Part 5, section 5.3.3.5.
struct sasl_outcome {
    static constexpr std::uint64_t code = 0x44;
    static constexpr std::string_view name = "amqp:sasl-outcome:list";
    std::uint8_t outcome = 0; ///< 0 ok, 1 auth, 2 sys, 3 sys-perm, 4 sys-temp
    std::optional<bytes_view> additional_data;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("code", s.outcome), f.optional("additional-data", s.additional_data);
    }
};

/// Reads the fields of a performative whose descriptor has been read: a list in any encoding, trailing fields left out or null,
/// further unknown fields passed over. Fails with amqp:decode-error (malformed) or amqp:invalid-field (missing, or of a wrong type).
/// Where several symbols may stand, an array without elements may lack its constructor, as some clients write it: the field is absent.
template<class Performative> std::expected<Performative, error> read_fields(decoder& from);

/// Writes a performative with all its fields, none left out at the end: Azure's newer Python client counts on it (contract
/// event-hubs.md, section 2.5), no other client minds.
template<class Performative> void write(encoder& to, const Performative& what);

/// Encodes an error; nothing for none.
bytes encode(const error& what);
/// Nothing when the value is absent or is not an error.
error decode_error(encoded_view what);

/// The symbols of a `multiple="true"` field: an array, or a single symbol (part 1, section 1.4). Others give none.
std::vector<std::string> decode_symbols(encoded_view what);

} // namespace capstan::amqp
