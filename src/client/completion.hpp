#pragma once
// How an operation ends: once, later, where its caller wants it.

#include <exception>
#include <optional>
#include <utility>

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>

#include <capstan/error.hpp>

#include "client/cancellation.hpp"

namespace capstan::client {

namespace asio = boost::asio;

/// The handler of an operation with the signature void(std::exception_ptr, Values...). Until it has run, its executor has work. It is
/// posted, never run inside the call. One that is dropped unrun ends its operation with errc::closed.
template<class... Values> class completion {
public:
    using handler = asio::any_completion_handler<void(std::exception_ptr, Values...)>;

    completion() = default;
    /// `otherwise`: the strand of the operation, and where the handler runs if it has no executor of its own.
    completion(handler whose, asio::any_io_executor otherwise)
        : handler_(std::move(whose)), otherwise_(std::move(otherwise)),
          cancel_(asio::get_associated_cancellation_slot(handler_), otherwise_),
          work_(std::in_place, asio::get_associated_executor(handler_, otherwise_)) {}
    completion(completion&& other) noexcept : completion() { take(other); }
    completion& operator=(completion&& other) noexcept {
        drop();
        take(other);
        return *this;
    }
    ~completion() { drop(); }

    explicit operator bool() const { return work_.has_value(); }
    const cancellation& cancel() const { return cancel_; }

    void succeed(Values... values) { finish(nullptr, std::move(values)...); }
    void fail(const client_error& why) { finish(std::make_exception_ptr(why), Values()...); }

private:
    using executor = asio::associated_executor_t<handler, asio::any_io_executor>;
    using work_guard = asio::executor_work_guard<executor>;

    void finish(std::exception_ptr error, Values... values) {
        if (!work_)
            return;
        auto run = [last = std::move(handler_), error, ... given = std::move(values)]() mutable {
            asio::get_associated_cancellation_slot(last).clear();
            std::move(last)(error, std::move(given)...);
        };
        auto hop = [work = work_guard(std::move(*work_)), run = std::move(run)]() mutable {
            asio::dispatch(work.get_executor(), std::move(run));
        };
        work_.reset();
        asio::post(otherwise_, std::move(hop));
    }
    void drop() {
        if (work_)
            fail(client_error(errc::closed));
    }
    void take(completion& other) {
        if (!other.work_)
            return;
        handler_.swap(other.handler_); // its assignment calls itself for ever in Boost 1.81
        otherwise_ = other.otherwise_;
        cancel_ = std::move(other.cancel_);
        work_.emplace(std::move(*other.work_));
        other.work_.reset();
    }

    handler handler_;
    asio::any_io_executor otherwise_;
    cancellation cancel_;
    std::optional<work_guard> work_;
};

} // namespace capstan::client
