#include "cli/wait_for.hpp"

#include <boost/asio/signal_set.hpp>
#include <fmt/format.h>

#include "client/registry/paths.hpp"

namespace capstan::cli {
namespace {

exit_code code_of(const client_error& why) {
    if (why.reason() == errc::hub_not_trusted)
        return exit_unreachable;
    if (why.reason() == errc::hub_unavailable) // it has answered
        return exit_refused;
    switch (why.kind()) {
    case failure_kind::transient: return exit_unreachable;
    case failure_kind::usage: return exit_usage;
    case failure_kind::credentials:
    case failure_kind::limit:
    case failure_kind::message:
    case failure_kind::closed: break;
    }
    return exit_refused;
}

} // namespace

failed failure(const client_error& why) {
    const auto code = code_of(why);
    const auto* before = code == exit_refused && why.kind() != failure_kind::transient ? "the hub refuses: " : "";
    const auto* hint = why.reason() == errc::hub_not_trusted ? " (give the hub's CA with --ca FILE)" : "";
    return {code, fmt::format("{}{}{}", before, why.what(), hint)};
}

void wait_for(asio::awaitable<void> work) {
    asio::io_context loop;
    std::exception_ptr error;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr ended) { error = std::move(ended); });
    loop.run();
    if (error)
        throw failure(failure_of(error));
}

void wait_until_interrupted(asio::io_context& loop, asio::awaitable<void> work, const std::function<void()>& stop) {
    asio::signal_set signals(loop, SIGINT, SIGTERM);
    signals.async_wait([&](boost::system::error_code cancelled, int) {
        if (cancelled)
            return;
        signals.clear(); // a second Ctrl-C ends the program
        stop();
    });
    std::exception_ptr error;
    asio::co_spawn(loop, std::move(work), [&](std::exception_ptr ended) {
        error = std::move(ended);
        boost::system::error_code ignored;
        signals.cancel(ignored);
        signals.clear(ignored);
    });
    loop.run();
    if (!error)
        return;
    try {
        std::rethrow_exception(error);
    } catch (const failed&) {
        throw;
    } catch (...) {
        throw failure(failure_of(error));
    }
}

boost::json::value ask_hub(const hub_login& login, client::rest_request asked) {
    return wait_for(client::ask_hub(service_identity(login.connection_string), login.options, std::move(asked)));
}

std::string device_path(std::string_view id) { return client::path_of(std::string(id)); }

} // namespace capstan::cli
