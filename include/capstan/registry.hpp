#pragma once
// The devices of a hub and their modules, over its REST interface.

#include <memory>
#include <string>
#include <vector>

#include <capstan/client_options.hpp>
#include <capstan/detail/initiate.hpp>
#include <capstan/device.hpp>
#include <capstan/service_identity.hpp>

namespace capstan {

namespace client {
class registry_session;
} // namespace client

/// How many devices a hub has.
class registry_statistics {
public:
    registry_statistics() = default;
    std::uint64_t total = 0;    ///< all of them
    std::uint64_t enabled = 0;  ///< those that may connect
    std::uint64_t disabled = 0; ///< the others
};

/// A part of what a query has found.
class query_page {
public:
    query_page() = default;
    std::vector<std::string> rows; ///< each the text of a JSON object
    std::string continuation;      ///< where the next page begins; empty on the last
};

/// What async_bulk does with each device.
enum class bulk_mode : std::uint8_t {
    create,           ///< it must not be there
    create_or_update, ///< whatever is there
    update,           ///< it must be there
    update_if_match,  ///< it must be there as it was when it was read: its etag counts
    remove,           ///< it must be there
    remove_if_match,  ///< the same, as it was when it was read
};

/// A device of async_bulk that was left as it was.
class bulk_refusal {
public:
    bulk_refusal() = default;
    std::string device_id;   ///< which one
    std::string condition;   ///< the hub's code, such as DeviceAlreadyExists
    std::string description; ///< its words
};

/// All functions may be called from any thread, several at a time; each is a connection of its own. Handlers run on their own executor,
/// or else on `executor`, never inside the call.
///
/// Errors of all operations: unauthorized, hub_not_trusted, connection_failed, connection_lost, timed_out (after
/// client_options::operation_time_out; reading operations have been tried again until then), throttled, hub_unavailable, canceled.
/// client_error::condition() is the hub's own code, such as DeviceNotFound.
class registry {
public:
    /// Throws client_error (invalid_argument). The policy needs the right to read the registry, or to write it.
    ///@{
    registry(asio::any_io_executor executor, std::string_view connection_string, const client_options& options = client_options());
    registry(asio::any_io_executor executor, service_identity who, const client_options& options = client_options());
    ///@}

    /// Completes with the device as the hub has it now. More errors: already_exists, message_refused (what cannot be).
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_create(device what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device> then) mutable { create(in, what, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// More errors: not_found.
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_get(std::string id, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(id)](detail::handler<device> then) mutable { get(in, id, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// Changes the device if it still is as it was when `what` was read (its etag); one without an etag is changed in any case. More
    /// errors: not_found, precondition_failed, message_refused.
    template<completion_token<device> Token = asio::use_awaitable_t<>> auto async_update(device what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device> then) mutable { update(in, what, std::move(then)); };
        return detail::initiate<device>(std::forward<Token>(token), std::move(start));
    }

    /// Removes the device, its commands with it; `etag`: only if it is this version. More errors: not_found, precondition_failed.
    template<completion_token<> Token = asio::use_awaitable_t<>>
    auto async_remove(std::string id, std::string etag = {}, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(id), etag = std::move(etag)](detail::handler<> then) mutable {
            remove(in, id, etag, std::move(then));
        };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }

    /// At most 1,000.
    template<completion_token<std::vector<device>> Token = asio::use_awaitable_t<>>
    auto async_list(std::size_t at_most = 1000, Token&& token = Token()) const {
        return async_list_after(std::string(), at_most, std::forward<Token>(token));
    }
    /// Those whose ids come behind this one, at most 1,000: so all of them can be read. Of Capstan only; Azure begins again at the first,
    /// and tells more than 1,000 to queries alone.
    template<completion_token<std::vector<device>> Token = asio::use_awaitable_t<>>
    auto async_list_after(std::string id, std::size_t at_most = 1000, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(id), at_most](detail::handler<std::vector<device>> then) mutable {
            list(in, id, at_most, std::move(then));
        };
        return detail::initiate<std::vector<device>>(std::forward<Token>(token), std::move(start));
    }

    /// The hub's query language over devices and modules: SELECT * FROM devices WHERE status = 'disabled'. A page has 1,000 rows at most;
    /// `continuation`: that of the page before, empty for the first. The policy needs the right to connect as a service. More errors:
    /// message_refused (the query).
    template<completion_token<query_page> Token = asio::use_awaitable_t<>>
    auto async_query(std::string query, std::string continuation = {}, Token&& token = Token()) const {
        auto start = [in = session_, query = std::move(query), from = std::move(continuation)](detail::handler<query_page> then) mutable {
            ask(in, query, from, std::move(then));
        };
        return detail::initiate<query_page>(std::forward<Token>(token), std::move(start));
    }

    /// Up to 100 devices in one request, each for itself. Completes with those that were refused; an error means that none was looked at,
    /// or that this is not known. More errors: message_refused.
    template<completion_token<std::vector<bulk_refusal>> Token = asio::use_awaitable_t<>>
    auto async_bulk(bulk_mode how, std::vector<device> devices, Token&& token = Token()) const {
        auto start = [in = session_, how, devices = std::move(devices)](detail::handler<std::vector<bulk_refusal>> then) mutable {
            bulk(in, how, devices, std::move(then));
        };
        return detail::initiate<std::vector<bulk_refusal>>(std::forward<Token>(token), std::move(start));
    }

    /// As of devices; not_found is also that of the device.
    ///@{
    template<completion_token<device_module> Token = asio::use_awaitable_t<>>
    auto async_create_module(device_module what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device_module> then) mutable {
            create(in, what, std::move(then));
        };
        return detail::initiate<device_module>(std::forward<Token>(token), std::move(start));
    }
    template<completion_token<device_module> Token = asio::use_awaitable_t<>>
    auto async_get_module(std::string device_id, std::string id, Token&& token = Token()) const {
        auto start = [in = session_, of = std::move(device_id), id = std::move(id)](detail::handler<device_module> then) mutable {
            get(in, of, id, std::move(then));
        };
        return detail::initiate<device_module>(std::forward<Token>(token), std::move(start));
    }
    template<completion_token<device_module> Token = asio::use_awaitable_t<>>
    auto async_update_module(device_module what, Token&& token = Token()) const {
        auto start = [in = session_, what = std::move(what)](detail::handler<device_module> then) mutable {
            update(in, what, std::move(then));
        };
        return detail::initiate<device_module>(std::forward<Token>(token), std::move(start));
    }
    template<completion_token<> Token = asio::use_awaitable_t<>>
    auto async_remove_module(std::string device_id, std::string id, std::string etag = {}, Token&& token = Token()) const {
        auto start = [in = session_, of = std::move(device_id), id = std::move(id),
                      etag = std::move(etag)](detail::handler<> then) mutable { remove(in, of, id, etag, std::move(then)); };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }
    /// All of one device: it has no more than 50.
    template<completion_token<std::vector<device_module>> Token = asio::use_awaitable_t<>>
    auto async_list_modules(std::string device_id, Token&& token = Token()) const {
        auto start = [in = session_, of = std::move(device_id)](detail::handler<std::vector<device_module>> then) mutable {
            list_modules(in, of, std::move(then));
        };
        return detail::initiate<std::vector<device_module>>(std::forward<Token>(token), std::move(start));
    }
    ///@}

    /// Completes with how many devices there are.
    template<completion_token<registry_statistics> Token = asio::use_awaitable_t<>> auto async_statistics(Token&& token = Token()) const {
        auto start = [in = session_](detail::handler<registry_statistics> then) mutable { statistics(in, std::move(then)); };
        return detail::initiate<registry_statistics>(std::forward<Token>(token), std::move(start));
    }

    /// Throws away the commands that wait for the device; completes with how many there were. More errors: not_found.
    template<completion_token<std::size_t> Token = asio::use_awaitable_t<>>
    auto async_purge_commands(std::string device_id, Token&& token = Token()) const {
        auto start = [in = session_, id = std::move(device_id)](detail::handler<std::size_t> then) mutable {
            purge(in, id, std::move(then));
        };
        return detail::initiate<std::size_t>(std::forward<Token>(token), std::move(start));
    }

private:
    using session = std::shared_ptr<client::registry_session>;
    static void create(const session& in, const device& what, detail::handler<device> then);
    static void get(const session& in, const std::string& id, detail::handler<device> then);
    static void update(const session& in, const device& what, detail::handler<device> then);
    static void remove(const session& in, const std::string& id, const std::string& etag, detail::handler<> then);
    static void list(const session& in, const std::string& after, std::size_t at_most, detail::handler<std::vector<device>> then);
    static void ask(const session& in, const std::string& query, const std::string& from, detail::handler<query_page> then);
    static void bulk(const session& in, bulk_mode how, const std::vector<device>& devices, detail::handler<std::vector<bulk_refusal>> then);
    static void create(const session& in, const device_module& what, detail::handler<device_module> then);
    static void get(const session& in, const std::string& device_id, const std::string& id, detail::handler<device_module> then);
    static void update(const session& in, const device_module& what, detail::handler<device_module> then);
    static void remove(const session& in, const std::string& device_id, const std::string& id, const std::string& etag,
                       detail::handler<> then);
    static void list_modules(const session& in, const std::string& device_id, detail::handler<std::vector<device_module>> then);
    static void statistics(const session& in, detail::handler<registry_statistics> then);
    static void purge(const session& in, const std::string& id, detail::handler<std::size_t> then);

    session session_;
};

} // namespace capstan
