#pragma once
// What a hub asks of the process it runs in.

#include <cstddef>
#include <functional>

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

namespace capstan::server {

/// A write to a connection that is gone is an error of that write, and no reason to end the process.
void ignore_broken_pipes();

/// The allocator keeps some memory that is freed. To be called before there are threads.
void keep_freed_memory();

/// From now on and to its very end SIGHUP does not end the process. It is kept until it is asked for, also when it comes while the hub
/// starts or stops.
void catch_hang_ups();
/// Whether one came since this was asked last. Any thread.
bool hung_up();

/// Raises the limit of open files as far as this process may. Gives back how many of `wanted` connections fit into it, beside the
/// files of the store; what is lost is logged.
std::size_t connections_that_fit(std::size_t wanted);

/// From its making on SIGTERM and SIGINT end the process no more, but are waited for. After the first one their default is back: a
/// second one ends the process at once, which loses nothing that was acknowledged.
class stop_signals {
public:
    stop_signals();
    /// `each_second`, on this thread, is for what may block: no connection lives here.
    void wait(std::function<void()> each_second);

private:
    void keep_time();

    boost::asio::io_context context_;
    boost::asio::signal_set signals_;
    boost::asio::steady_timer clock_;
    std::function<void()> each_second_;
};

/// Tells the service manager, if one started us, what it waits for: "READY=1", "STOPPING=1" (sd_notify(3)).
void notify_service_manager(const char* state);

} // namespace capstan::server
