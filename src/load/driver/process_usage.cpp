#include "load/driver/process_usage.hpp"

#include <fstream>
#include <sstream>
#include <stdexcept>

#include <sys/resource.h>
#include <unistd.h>

namespace capstan::load {
namespace {

double seconds(const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; }

/// proc(5): of /proc/PID/stat, user and system time are fields 14 and 15, the resident pages field 24; the second field is a name in
/// parentheses that may hold blanks.
usage read_stat(int pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(file, line);
    std::istringstream fields(line.substr(std::min(line.size(), line.rfind(')') + 1)));
    std::string field;
    usage found;
    for (int number = 3; fields >> field; ++number) {
        if (number == 14 || number == 15)
            found.cpu_seconds += std::stod(field) / static_cast<double>(sysconf(_SC_CLK_TCK));
        if (number == 24)
            found.resident_bytes = std::stoull(field) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    }
    return found;
}

} // namespace

usage own_usage() {
    rusage own{};
    getrusage(RUSAGE_SELF, &own);
    return {seconds(own.ru_utime) + seconds(own.ru_stime), static_cast<std::uint64_t>(own.ru_maxrss) * 1024};
}

usage usage_of(std::span<const int> pids) {
    usage sum;
    for (const int pid : pids) {
        const auto one = read_stat(pid);
        sum.cpu_seconds += one.cpu_seconds;
        sum.resident_bytes += one.resident_bytes;
    }
    return sum;
}

void allow_open_files(std::size_t count) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur >= count)
        return;
    const rlimit wanted{count, std::max<rlim_t>(limit.rlim_max, count)};
    if (setrlimit(RLIMIT_NOFILE, &wanted) != 0)
        throw std::runtime_error("at most " + std::to_string(limit.rlim_max) + " files may be open (ulimit -n), " + std::to_string(count) +
                                 " are needed");
}

} // namespace capstan::load
