#pragma once
// What stands within performatives: termini (part 3, section 3.5) and delivery states (section 3.4). As with the performatives, each()
// lists the fields in the order of the standard, and read_fields() holds the peer to their types; what nobody asks for is only held
// to them.

#include <capstan/amqp/performatives.hpp>

namespace capstan::amqp {

/// Section 3.5.3.
struct source_fields {
    static constexpr std::uint64_t code = 0x28;
    static constexpr std::string_view name = "amqp:source:list";
    std::optional<std::string_view> address;
    std::uint32_t durable = 0, timeout = 0;
    std::optional<symbol_view> expiry_policy, distribution_mode;
    bool dynamic = false;
    encoded_view dynamic_node_properties, filter, default_outcome, outcomes, capabilities;
    template<class S, class F> static void each(S& s, F&& f) {
        f.address("address", s.address), f.durability("durable", s.durable), f.expiry_policy("expiry-policy", s.expiry_policy);
        f.defaulted("timeout", s.timeout), f.defaulted("dynamic", s.dynamic);
        f.map("dynamic-node-properties", s.dynamic_node_properties), f.optional("distribution-mode", s.distribution_mode);
        f.map("filter", s.filter), f.outcome("default-outcome", s.default_outcome);
        f.symbols("outcomes", s.outcomes), f.symbols("capabilities", s.capabilities);
    }
};

/// Section 3.5.4.
struct target_fields {
    static constexpr std::uint64_t code = 0x29;
    static constexpr std::string_view name = "amqp:target:list";
    std::optional<std::string_view> address;
    std::uint32_t durable = 0, timeout = 0;
    std::optional<symbol_view> expiry_policy;
    bool dynamic = false;
    encoded_view dynamic_node_properties, capabilities;
    template<class S, class F> static void each(S& s, F&& f) {
        f.address("address", s.address), f.durability("durable", s.durable), f.expiry_policy("expiry-policy", s.expiry_policy);
        f.defaulted("timeout", s.timeout), f.defaulted("dynamic", s.dynamic);
        f.map("dynamic-node-properties", s.dynamic_node_properties), f.symbols("capabilities", s.capabilities);
    }
};

/// Part 4, section 4.5.1.
struct coordinator_fields {
    static constexpr std::uint64_t code = 0x30;
    static constexpr std::string_view name = "amqp:coordinator:list";
    encoded_view capabilities;
    template<class S, class F> static void each(S& s, F&& f) { f.symbols("capabilities", s.capabilities); }
};

/// Section 3.4.1.
struct received_fields {
    static constexpr std::uint64_t code = 0x23;
    static constexpr std::string_view name = "amqp:received:list";
    std::uint32_t section_number = 0;
    std::uint64_t section_offset = 0;
    template<class S, class F> static void each(S& s, F&& f) {
        f.mandatory("section-number", s.section_number), f.mandatory("section-offset", s.section_offset);
    }
};

/// Section 3.4.2.
struct accepted_fields {
    static constexpr std::uint64_t code = 0x24;
    static constexpr std::string_view name = "amqp:accepted:list";
    template<class S, class F> static void each(S&, F&&) {}
};

/// Section 3.4.3.
struct rejected_fields {
    static constexpr std::uint64_t code = 0x25;
    static constexpr std::string_view name = "amqp:rejected:list";
    encoded_view error;
    template<class S, class F> static void each(S& s, F&& f) { f.failure("error", s.error); }
};

/// Section 3.4.4.
struct released_fields {
    static constexpr std::uint64_t code = 0x26;
    static constexpr std::string_view name = "amqp:released:list";
    template<class S, class F> static void each(S&, F&&) {}
};

/// Section 3.4.5.
struct modified_fields {
    static constexpr std::uint64_t code = 0x27;
    static constexpr std::string_view name = "amqp:modified:list";
    bool delivery_failed = false, undeliverable_here = false;
    encoded_view message_annotations;
    template<class S, class F> static void each(S& s, F&& f) {
        f.defaulted("delivery-failed", s.delivery_failed), f.defaulted("undeliverable-here", s.undeliverable_here);
        f.map("message-annotations", s.message_annotations);
    }
};

} // namespace capstan::amqp
