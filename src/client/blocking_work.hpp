#pragma once
// Work that may block, such as files of a checkpoint store: never on an executor of the user's.

#include <expected>
#include <functional>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <capstan/error.hpp>

namespace capstan::client {

namespace asio = boost::asio;

/// Runs it on a thread that belongs to the context of `strand` and ends with it, as the one of Asio's name look-ups does. One after the
/// other, in the order of the calls.
void post_blocking(const asio::any_io_executor& strand, std::move_only_function<void()> work);

/// The same, then `then` on the strand with what `work` gave back or threw: std::expected<.., client_error>.
template<class Work, class Then> void run_blocking(const asio::any_io_executor& strand, Work work, Then then) {
    using result = std::expected<decltype(work()), client_error>;
    auto task = [on = asio::make_work_guard(strand), work = std::move(work), then = std::move(then)]() mutable {
        auto run = [&work]() -> result {
            try {
                return work();
            } catch (...) {
                return std::unexpected(failure_of(std::current_exception()));
            }
        };
        asio::post(on.get_executor(), [then = std::move(then), outcome = run()]() mutable { then(std::move(outcome)); });
    };
    post_blocking(strand, std::move(task));
}

} // namespace capstan::client
