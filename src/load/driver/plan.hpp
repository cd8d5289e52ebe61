#pragma once
#include <atomic>
#include <chrono>
#include <functional>

#include "load/settings.hpp"
#include "load/tally.hpp"

namespace capstan::load {

/// A whole run.
struct plan {
    settings with;
    std::vector<connection_plan> connections;
    pace how = pace::flat_out;

    std::string host; ///< to connect to: a name or an address
    std::uint16_t port = 5672;
    bool tls = false;
    std::string tls_name;          ///< of the server's certificate
    std::string ca;                ///< file; empty: the certificate is not looked at
    bool resume = false;           ///< TLS sessions
    unsigned source_addresses = 0; ///< connect from 127.0.0.1 to 127.0.0.N in turn; 0: from wherever
    unsigned threads = 1;
    unsigned at_once = 200; ///< connections that are being set up, of each thread

    double rate = 0; ///< scheduled: transfers per second of all links
    std::chrono::nanoseconds duration{}, warm_up{};
    std::uint64_t count = 0; ///< messages to send, or to receive where nothing is sent; 0: until the duration is over
    bool reconnect = false;  ///< a connection that is ready is closed, and made anew
    std::vector<int> pids;   ///< of the server
};

/// Of processes: what they have used since they began, and what they hold.
struct usage {
    double cpu_seconds = 0;
    std::uint64_t resident_bytes = 0;
};

struct result {
    tally counts; ///< of the measured time
    double seconds = 0;
    double set_up_seconds = 0;
    std::size_t connections = 0; ///< that were ready
    double own_cpu_seconds = 0, server_cpu_seconds = 0;
    double set_up_own_cpu_seconds = 0, set_up_server_cpu_seconds = 0;
    std::uint64_t server_rss_before = 0, server_rss = 0; ///< before the first connection; at the end of the measured time
};

/// What can be seen while it runs.
struct progress {
    bool measuring = false;
    double seconds = 0; ///< since the phase began
    std::size_t ready = 0, failed = 0, connections = 0;
    std::uint64_t messages = 0; ///< accepted and received, or sent where nobody says what became of them, since the phase began
};

/// Carries it out. `show` is called now and then from the calling thread; `stop` ends the measured time early.
result run(const plan& what, const std::function<void(const progress&)>& show, const std::atomic<bool>& stop);

} // namespace capstan::load
