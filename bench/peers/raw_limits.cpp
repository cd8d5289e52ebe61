// What the machine itself can do, without a broker: bytes through a TCP connection on loopback, and appends to a file that are synced
// one by one. Writes one JSON object to stdout.
//
//     raw_limits FOLDER [SECONDS]     each measurement takes SECONDS (1); the file lies in FOLDER, at most 1 GiB of it, and is removed
//
// Appends are measured to a file that grows and to one whose blocks were written before: a log that reuses its segments.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

using std::chrono::steady_clock;

constexpr std::size_t file_size_max = std::size_t(1) << 30;
constexpr std::size_t small_write = 256, large_write = 128 * 1024;

std::size_t or_fail(ssize_t result, const char* what) {
    if (result < 0)
        throw std::system_error(errno, std::generic_category(), what);
    return static_cast<std::size_t>(result);
}

double seconds_since(steady_clock::time_point start) { return std::chrono::duration<double>(steady_clock::now() - start).count(); }

class descriptor {
public:
    descriptor(int number, const char* what) : number_(number) { or_fail(number, what); }
    ~descriptor() { ::close(number_); }
    descriptor(const descriptor&) = delete;
    descriptor& operator=(const descriptor&) = delete;
    int operator*() const { return number_; }

private:
    int number_;
};

// --- Loopback

struct throughput {
    double writes_per_second, bytes_per_second;
};

void read_to_the_end(int from) {
    std::vector<char> buffer(1 << 20);
    while (or_fail(::read(from, buffer.data(), buffer.size()), "read") > 0)
        ;
}

/// One connection, one thread at each end.
throughput through_loopback(std::size_t write_size, double duration) {
    const descriptor listener(::socket(AF_INET, SOCK_STREAM, 0), "socket");
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    or_fail(::bind(*listener, generic, size), "bind");
    or_fail(::listen(*listener, 1), "listen");
    or_fail(::getsockname(*listener, generic, &size), "getsockname");
    std::thread reader([&] { read_to_the_end(*descriptor(::accept(*listener, nullptr, nullptr), "accept")); });

    std::uint64_t writes = 0, bytes = 0;
    const auto start = steady_clock::now();
    {
        const descriptor writer(::socket(AF_INET, SOCK_STREAM, 0), "socket");
        or_fail(::connect(*writer, generic, size), "connect");
        const std::vector<char> data(write_size, 'x');
        for (; (writes & 63) != 0 || seconds_since(start) < duration; ++writes)
            bytes += or_fail(::write(*writer, data.data(), data.size()), "write");
    }
    reader.join();
    const double took = seconds_since(start);
    return {static_cast<double>(writes) / took, static_cast<double>(bytes) / took};
}

// --- Synced appends

struct synced_writes {
    double writes_per_second, bytes_per_second, p50_us, p99_us;
};

double percentile(std::span<const double> sorted, double which) {
    return sorted[static_cast<std::size_t>(which * static_cast<double>(sorted.size() - 1))];
}

/// Writes to the file from its beginning, each write followed by fdatasync.
synced_writes write_and_sync(const std::string& file, int flags, std::size_t size, std::size_t end, double duration) {
    const descriptor log(::open(file.c_str(), O_WRONLY | O_CREAT | flags, 0600), "open");
    const std::vector<char> data(size, 'y');
    std::vector<double> took_us;
    const auto start = steady_clock::now();
    for (std::size_t at = 0; at + size <= end && seconds_since(start) < duration; at += size) {
        const auto before = steady_clock::now();
        or_fail(::pwrite(*log, data.data(), size, static_cast<off_t>(at)), "pwrite");
        or_fail(::fdatasync(*log), "fdatasync");
        took_us.push_back(seconds_since(before) * 1e6);
    }
    const double rate = static_cast<double>(took_us.size()) / seconds_since(start);
    std::ranges::sort(took_us);
    return {rate, rate * static_cast<double>(size), percentile(took_us, 0.5), percentile(took_us, 0.99)};
}

void write_whole_file(const std::string& file, std::size_t size) {
    const descriptor log(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600), "open");
    const std::vector<char> data(1 << 20, 'x');
    for (std::size_t at = 0; at < size; at += data.size())
        or_fail(::write(*log, data.data(), data.size()), "write");
    or_fail(::fsync(*log), "fsync");
}

// --- The report

void print(const char* name, const throughput& of) {
    std::printf("\"%s\": {\"writes_per_second\": %.0f, \"bytes_per_second\": %.0f},\n", name, of.writes_per_second, of.bytes_per_second);
}

void print(const char* name, const synced_writes& of, const char* end = ",") {
    std::printf("\"%s\": {\"writes_per_second\": %.0f, \"bytes_per_second\": %.0f, \"p50_us\": %.1f, \"p99_us\": %.1f}%s\n", name,
                of.writes_per_second, of.bytes_per_second, of.p50_us, of.p99_us, end);
}

void measure(const std::string& file, double duration) {
    std::puts("{");
    print("loopback_256", through_loopback(small_write, duration));
    print("loopback_128k", through_loopback(large_write, duration));
    print("growing_4k", write_and_sync(file, O_TRUNC, 4096, file_size_max, duration));
    print("growing_1m", write_and_sync(file, O_TRUNC, 1 << 20, file_size_max, duration));
    write_whole_file(file, file_size_max);
    print("written_4k", write_and_sync(file, 0, 4096, file_size_max, duration));
    print("written_1m", write_and_sync(file, 0, 1 << 20, file_size_max, duration), "");
    std::puts("}");
}

} // namespace

int main(int count, char** arguments) {
    if (count < 2) {
        std::fputs("usage: raw_limits FOLDER [SECONDS]\n", stderr);
        return 2;
    }
    const std::string file = std::string(arguments[1]) + "/raw-limits.log";
    int status = 0;
    try {
        measure(file, count > 2 ? std::atof(arguments[2]) : 1.0);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "raw_limits: %s\n", error.what());
        status = 1;
    }
    std::error_code none; // it may not have been made
    std::filesystem::remove(file, none);
    return status;
}
