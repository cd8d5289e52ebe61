#pragma once
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/strand.hpp>

#include "client/completion.hpp"
#include "client/registry/rest.hpp"

namespace capstan::client {

/// What is behind a registry: whom to ask, and how.
class registry_session {
public:
    registry_session(asio::any_io_executor executor, service_identity who, client_options options)
        : executor_(std::move(executor)), who_(std::move(who)), options_(std::move(options)) {}

    /// Asks, and hands what `read` makes of the answer's body to `then`. Each request has a strand of its own.
    template<class... Values, class Read> void ask(rest_request asked, detail::handler<Values...> then, Read read) const {
        perform<boost::json::value, Values...>(ask_hub, std::move(asked), std::move(then), std::move(read));
    }
    /// The same, where what is asked for is in the answer's head too.
    template<class... Values, class Read> void ask_whole(rest_request asked, detail::handler<Values...> then, Read read) const {
        perform<rest_answer, Values...>(send_request, std::move(asked), std::move(then), std::move(read));
    }

private:
    template<class Result> using work = asio::awaitable<Result> (*)(service_identity, client_options, rest_request);

    template<class Result, class... Values, class Read>
    void perform(work<Result> run, rest_request asked, detail::handler<Values...> then, Read read) const {
        const auto strand = asio::any_io_executor(asio::make_strand(executor_));
        auto begin = [strand, run, who = who_, options = options_, asked = std::move(asked), read = std::move(read),
                      done = completion<Values...>(std::move(then), strand)]() mutable {
            const auto stop = std::make_shared<asio::cancellation_signal>();
            done.cancel().assign([stop] { stop->emit(asio::cancellation_type::terminal); });
            auto answered = [stop, read = std::move(read), done = std::move(done)](const std::exception_ptr& error,
                                                                                   const Result& answer) mutable {
                error ? done.fail(failure_of(error)) : read(done, answer);
            };
            asio::co_spawn(strand, run(std::move(who), std::move(options), std::move(asked)),
                           asio::bind_cancellation_slot(stop->slot(), std::move(answered)));
        };
        asio::dispatch(strand, std::move(begin));
    }

    asio::any_io_executor executor_;
    service_identity who_;
    client_options options_;
};

} // namespace capstan::client
