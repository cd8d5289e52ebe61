#pragma once
// Sources and targets (part 3, section 3.5) and delivery states (part 3, section 3.4).

#include <variant>

#include <capstan/amqp/performatives.hpp>
#include <capstan/amqp/value.hpp>

namespace capstan::amqp {

/// What the engine and its owner need to know of a source or target that the peer named. The peer's own bytes are kept beside it
/// (link_info): answers repeat them unchanged.
struct terminus {
    enum class shape : std::uint8_t { none, source, target, coordinator, unknown };
    shape what = shape::none;
    std::string address; ///< empty when it has none
    bool dynamic = false;
    bytes filter; ///< of a source: the encoded filter map, or empty
};

/// Fails with amqp:decode-error or amqp:invalid-field. An absent one gives shape::none; of an unknown one no more is told.
std::expected<terminus, error> decode_terminus(encoded_view what);

/// A source (or target) with just an address, all other fields null.
bytes encode_source(std::string_view address);
bytes encode_target(std::string_view address);

/// The outcomes and states of a delivery. `none` stands for an absent one.
struct delivery_state {
    enum class shape : std::uint8_t { none, received, accepted, rejected, released, modified, other };
    shape what = shape::none;
    amqp::error error;                              ///< of rejected
    bool delivery_failed = false;                   ///< of modified
    bool undeliverable_here = false;                ///< of modified
    bool terminal() const { return what != shape::none && what != shape::received; }

    static delivery_state accepted() { return of(shape::accepted); }
    static delivery_state released() { return of(shape::released); }
    static delivery_state rejected(amqp::error why) {
        auto state = of(shape::rejected);
        state.error = std::move(why);
        return state;
    }

private:
    static delivery_state of(shape what) {
        delivery_state state;
        state.what = what;
        return state;
    }
};

std::expected<delivery_state, error> decode_state(encoded_view what);
bytes encode(const delivery_state& state);

} // namespace capstan::amqp
