#include "server/process.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <string>

#include <malloc.h>

#include <boost/asio/local/datagram_protocol.hpp>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

namespace capstan::server {

namespace asio = boost::asio;

namespace {
std::atomic<bool> hang_up_came{false};
static_assert(std::atomic<bool>::is_always_lock_free); // a signal's handler sets it
} // namespace

void ignore_broken_pipes() { std::signal(SIGPIPE, SIG_IGN); }

/// A commit's requests are allocated and freed many times a second. Given back to the system each time, as is usual beyond 128 KiB, that
/// memory would come back page by page, each of them cleared first: a tenth of the time that a command takes.
void keep_freed_memory() {
    constexpr int mib = 1024 * 1024;
    mallopt(M_TRIM_THRESHOLD, 8 * mib); // of each arena: the requests of some of the store's rounds
    mallopt(M_MMAP_THRESHOLD, 4 * mib); // larger ones come from the system and go back to it
    mallopt(M_TOP_PAD, mib / 4);
}

void catch_hang_ups() {
    std::signal(SIGHUP, [](int) { hang_up_came = true; });
}

bool hung_up() { return hang_up_came.exchange(false); }

std::size_t connections_that_fit(std::size_t wanted) {
    constexpr std::size_t other_files_at_most = 3072; // HTTPS connections (http::limits), the store, the log
    rlimit files{};
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return wanted;
    files.rlim_cur = files.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &files) != 0)
        getrlimit(RLIMIT_NOFILE, &files);
    const std::size_t others = std::min<std::size_t>(other_files_at_most, files.rlim_cur / 4);
    const std::size_t fit = std::min<std::size_t>(wanted, files.rlim_cur - others);
    if (fit < wanted)
        spdlog::warn("this process may open {} files only: at most {} connections are taken instead of {} (see ulimit -Hn, LimitNOFILE=)",
                     files.rlim_cur, fit, wanted);
    return fit;
}

stop_signals::stop_signals() : signals_(context_, SIGTERM, SIGINT), clock_(context_) {}

void stop_signals::wait(std::function<void()> each_second) {
    each_second_ = std::move(each_second);
    signals_.async_wait([this](const boost::system::error_code&, int number) {
        spdlog::info("stopping: {} received", number == SIGINT ? "SIGINT" : "SIGTERM");
        signals_.clear();
        each_second_ = nullptr;
        clock_.cancel();
    });
    keep_time();
    context_.run();
}

void stop_signals::keep_time() {
    clock_.expires_after(std::chrono::seconds(1));
    clock_.async_wait([this](const boost::system::error_code&) {
        if (!each_second_)
            return;
        each_second_();
        keep_time();
    });
}

void notify_service_manager(const char* state) {
    const char* const given = std::getenv("NOTIFY_SOCKET");
    if (!given || !*given)
        return;
    std::string address = given;
    if (address.front() == '@') // of the abstract namespace
        address.front() = '\0';
    try {
        asio::io_context context;
        asio::local::datagram_protocol::socket socket(context);
        socket.connect(asio::local::datagram_protocol::endpoint(address));
        socket.send(asio::buffer(std::string_view(state)));
    } catch (const std::exception& error) {
        spdlog::warn("the service manager could not be told {}: {}", state, error.what());
    }
}

} // namespace capstan::server
