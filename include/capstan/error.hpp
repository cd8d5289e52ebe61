#pragma once
// What the clients' operations fail with. Every operation's first completion argument is an exception_ptr: co_await throws it, a
// future rethrows it, a callback hands it to failure_of(). The exception is always a client_error.

#include <exception>
#include <string>

#include <boost/system/system_error.hpp>

/// The clients of an IoT hub: device_client, service_client, event_consumer and registry, and the values that they take and give.
namespace capstan {

/// What went wrong. Compare with failure_kind to learn what to do about it.
enum class errc {
    // failure_kind::transient
    connection_failed = 1, ///< no connection to the hub could be made: name, network, proxy or TLS
    connection_lost,       ///< it was there, and ended before the operation did
    hub_unavailable,       ///< the hub answered that it cannot serve now
    timed_out,             ///< the operation's time was up: whether it took effect is not known
    // failure_kind::credentials
    unauthorized,          ///< key, token or certificate refused, or without the right to do this
    unknown_device,        ///< the hub has no such device, or has it disabled
    hub_not_trusted,       ///< the hub's certificate is not signed by a trusted authority, or is for another name
    // failure_kind::limit
    throttled,             ///< too much in too little time
    quota_exceeded,        ///< a quota, or a queue of the hub that is full
    send_queue_full,       ///< of this client: client_options::max_queued_sends
    // failure_kind::message
    message_too_large,     ///< larger than the hub takes
    message_refused,       ///< malformed, or against the hub's rules
    not_found,             ///< the address, or the device that the message is for
    already_exists,        ///< what was to be created is there
    precondition_failed,   ///< it has been changed meanwhile: the etag does not match
    lock_lost,             ///< the message was no longer ours to settle; it comes again
    // failure_kind::closed
    closed,                ///< the client was closed
    canceled,              ///< the operation was cancelled through its cancellation slot
    stolen,                ///< another one is there instead: a reader with a higher owner level, or a newer connection of the same device
    // failure_kind::usage
    invalid_argument,      ///< a connection string, an option or a message that cannot be
};

/// What to do about a failure. An error condition: `error.code() == failure_kind::credentials`.
enum class failure_kind {
    transient = 1, ///< passes by itself: the client has tried again for as long as its retry policy says
    credentials,   ///< yours to mend
    limit,         ///< slow down, or raise the limit
    message,       ///< this message, request or name; others are not concerned
    closed,        ///< you, or another client, ended it
    usage,         ///< a mistake in the program
};

/// Of errc, and of failure_kind. There is one of each, for ever.
///@{
const boost::system::error_category& client_category() noexcept;
const boost::system::error_category& failure_kind_category() noexcept;
///@}
/// For Boost.System, which makes codes and conditions of the enumerations by itself.
///@{
inline boost::system::error_code make_error_code(errc code) noexcept { return {static_cast<int>(code), client_category()}; }
inline boost::system::error_condition make_error_condition(failure_kind kind) noexcept {
    return {static_cast<int>(kind), failure_kind_category()};
}
///@}
/// What to do about it.
failure_kind kind_of(errc code) noexcept;

/// The exception of all operations. what() says everything in one line.
class client_error : public boost::system::system_error {
public:
    /// `condition`: the peer's, such as amqp:unauthorized-access, or an HTTP error code; empty when the peer said nothing.
    explicit client_error(errc code, const std::string& description = {}, std::string condition = {});

    /// The whole line; the code by name; what to do about it; the peer's condition.
    ///@{
    const char* what() const noexcept override { return text_.c_str(); }
    errc reason() const noexcept { return static_cast<errc>(code().value()); }
    failure_kind kind() const noexcept { return kind_of(reason()); }
    const std::string& condition() const noexcept { return condition_; }
    ///@}
    /// The peer's own words, or the operating system's.
    const std::string& description() const noexcept { return description_; }

private:
    std::string condition_, description_, text_;
};

/// What an operation failed with, for handlers that do not throw. `error` must not be null. Another exception than client_error (of
/// a callback of yours, say) comes back as errc::invalid_argument with its text.
client_error failure_of(const std::exception_ptr& error) noexcept;

} // namespace capstan

/// @cond
template<> struct boost::system::is_error_code_enum<capstan::errc> : std::true_type {};
template<> struct boost::system::is_error_condition_enum<capstan::failure_kind> : std::true_type {};
/// @endcond
