#pragma once
// The hub's errors, and how they look on AMQP. contract/iothub-amqp.md, sections 5.5, 8.2 and 10.

#include <string>
#include <string_view>

#include <capstan/amqp/error.hpp>

#include "base/clock.hpp"
#include "store/failure.hpp"

namespace capstan::hub {

/// Azure's error numbers, which stand in the description of an AMQP error (contract/iothub-amqp.md, 10.2; rest.md, 2).
enum class errc : int {
    argument_invalid = 400004,
    invalid_format = 400006, ///< a message that is not what the standard says
    unauthorized = 401002,
    token_expired = 401003,
    message_expiry_invalid = 403009,
    queue_depth_exceeded = 403004,
    device_disabled = 403012,
    device_not_found = 404001,
    address_not_found = 404006,
    module_not_found = 404010,
    message_not_found = 404007, ///< our own
    link_creation_conflict = 409002,
    message_lock_lost = 412002,
    message_too_large = 413001,
    too_many_tokens = 403005,
    throttled = 429001,
    not_implemented = 501000,
    server_error = 500001,
    server_busy = 503005,
};

/// The AMQP condition that stands for an error of the hub.
std::string_view condition_of(errc code);
/// The number for what the engine refuses by itself, which knows conditions only.
errc code_of(std::string_view condition);

/// An error as the hub sends it: condition, and a JSON text with number, tracking id, message and time. The tracking id is new each
/// time, and stands in the log: whoever sends the error calls conversation::refused.
amqp::error describe(errc code, std::string_view message, wall_time now);
/// The same under another condition than the number's own.
amqp::error describe(errc code, std::string_view condition, std::string_view message, wall_time now);

/// What a client is told when the store cannot take its message.
amqp::error describe(const store::failure& failure, wall_time now);

/// As the event-hub-compatible endpoint says it: a sentence that ends in the tracking id (contract/event-hubs.md, section 7).
amqp::error describe_as_event_hub(std::string_view condition, std::string_view sentence, wall_time now);

/// For the sentences that clients know by heart ("Token Invalid."): number and tracking id are in the error's info (contract/
/// iothub-amqp.md, 10.1).
amqp::error describe_verbatim(errc code, std::string_view sentence, wall_time now);

/// What the log says of an error that was made by one of the above.
struct error_marks {
    std::string code, tracking_id; ///< "-" where there is none
    std::string text;              ///< without them
};
error_marks marks_of(const amqp::error& why);

/// {32 hex digits}-G:{n}-TimeStamp:{MM/dd/yyyy HH:mm:ss} (contract/iothub-amqp.md, 10.1).
std::string tracking_id(wall_time now);
/// yyyy-MM-ddTHH:mm:ss.fffffffZ
std::string iso_time(wall_time time);

} // namespace capstan::hub
