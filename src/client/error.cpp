#include <capstan/error.hpp>

namespace capstan {
namespace {

/// What a code says by itself.
std::string_view text_of(errc code) {
    switch (code) {
    case errc::connection_failed: return "no connection to the hub";
    case errc::connection_lost: return "the connection to the hub was lost";
    case errc::hub_unavailable: return "the hub cannot serve now";
    case errc::timed_out: return "timed out";
    case errc::unauthorized: return "not authorized";
    case errc::unknown_device: return "unknown or disabled device";
    case errc::hub_not_trusted: return "the hub's certificate is not trusted";
    case errc::throttled: return "throttled";
    case errc::quota_exceeded: return "quota exceeded";
    case errc::send_queue_full: return "the client's send queue is full";
    case errc::message_too_large: return "the message is too large";
    case errc::message_refused: return "the message was refused";
    case errc::not_found: return "not found";
    case errc::already_exists: return "already exists";
    case errc::precondition_failed: return "changed meanwhile";
    case errc::lock_lost: return "the message's lock was lost";
    case errc::closed: return "the client is closed";
    case errc::canceled: return "cancelled";
    case errc::stolen: return "displaced by another reader or connection";
    case errc::invalid_argument: return "invalid argument";
    }
    return "unknown error";
}

std::string_view text_of(failure_kind kind) {
    switch (kind) {
    case failure_kind::transient: return "a failure that passes";
    case failure_kind::credentials: return "credentials";
    case failure_kind::limit: return "a limit";
    case failure_kind::message: return "the message";
    case failure_kind::closed: return "closed";
    case failure_kind::usage: return "usage";
    }
    return "unknown kind";
}

// Categories live for ever and are never deleted: Boost gives them no virtual destructor.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class client_category_type final : public boost::system::error_category {
    const char* name() const noexcept override { return "capstan"; }
    std::string message(int code) const override { return std::string(text_of(static_cast<errc>(code))); }
    boost::system::error_condition default_error_condition(int code) const noexcept override {
        return make_error_condition(kind_of(static_cast<errc>(code)));
    }
};

class failure_kind_category_type final : public boost::system::error_category {
    const char* name() const noexcept override { return "capstan.kind"; }
    std::string message(int kind) const override { return std::string(text_of(static_cast<failure_kind>(kind))); }
};
#pragma GCC diagnostic pop

/// "not found: Device pump-7 is not registered. (404)"
std::string whole_text(errc code, const std::string& description, const std::string& condition) {
    auto text = std::string(text_of(code));
    if (!description.empty())
        text += ": " + description;
    if (!condition.empty())
        text += " (" + condition + ")";
    return text;
}

} // namespace

const boost::system::error_category& client_category() noexcept {
    static const client_category_type category;
    return category;
}

const boost::system::error_category& failure_kind_category() noexcept {
    static const failure_kind_category_type category;
    return category;
}

failure_kind kind_of(errc code) noexcept {
    switch (code) {
    case errc::connection_failed:
    case errc::connection_lost:
    case errc::hub_unavailable:
    case errc::timed_out: return failure_kind::transient;
    case errc::unauthorized:
    case errc::unknown_device:
    case errc::hub_not_trusted: return failure_kind::credentials;
    case errc::throttled:
    case errc::quota_exceeded:
    case errc::send_queue_full: return failure_kind::limit;
    case errc::message_too_large:
    case errc::message_refused:
    case errc::not_found:
    case errc::already_exists:
    case errc::precondition_failed:
    case errc::lock_lost: return failure_kind::message;
    case errc::closed:
    case errc::canceled:
    case errc::stolen: return failure_kind::closed;
    case errc::invalid_argument: break;
    }
    return failure_kind::usage;
}

client_error::client_error(errc code, const std::string& description, std::string condition)
    : system_error(make_error_code(code)), condition_(std::move(condition)), description_(description),
      text_(whole_text(code, description_, condition_)) {}

client_error failure_of(const std::exception_ptr& error) noexcept {
    try {
        std::rethrow_exception(error);
    } catch (const client_error& known) {
        return known;
    } catch (const std::exception& other) {
        return client_error(errc::invalid_argument, other.what());
    } catch (...) {
        return client_error(errc::invalid_argument, "an exception that is none of std's");
    }
}

} // namespace capstan
