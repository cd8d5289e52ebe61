#pragma once
// What an open_stream() is waiting for: by name, so that failures can say it, and how that is ended from outside.

#include <functional>
#include <string>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <capstan/error.hpp>

namespace capstan::client {

namespace asio = boost::asio;

/// Errors come back in `error`, not as exceptions.
inline auto into(boost::system::error_code& error) { return asio::redirect_error(asio::use_awaitable, error); }

/// One open_stream(). On its strand.
class progress {
public:
    /// Ends the step that is under way, and lets no other begin.
    void stop();
    /// Of the step that is under way, or was last.
    const std::string& step_name() const { return name_; }

private:
    friend class step;
    std::string name_;
    std::function<void()> interrupt_;
    bool stopped_ = false;
};

/// One after the other; a local variable where it is waited for.
class step {
public:
    /// `interrupt` makes what is waited for end at once, in whatever way. Throws if the whole has been stopped already.
    step(progress& whole, std::string name, std::function<void()> interrupt);
    ~step() { whole_.interrupt_ = nullptr; }
    step(const step&) = delete;
    step& operator=(const step&) = delete;

    /// Throws a client_error: "<name>: <words>".
    [[noreturn]] void fail(std::string_view words, errc why = errc::connection_failed) const;
    /// Fails with the error's own words, if it is one.
    void require(const boost::system::error_code& error) const;

private:
    progress& whole_;
};

} // namespace capstan::client
