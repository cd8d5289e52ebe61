#include "client/transport/progress.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <fmt/format.h>

namespace capstan::client {
namespace {

std::string words_of(const boost::system::error_code& error) {
    if (error == asio::error::eof || error == asio::ssl::error::stream_truncated)
        return "the connection was closed";
    return error.message();
}

} // namespace

void progress::stop() {
    stopped_ = true;
    if (interrupt_)
        interrupt_();
}

step::step(progress& whole, std::string name, std::function<void()> interrupt) : whole_(whole) {
    if (whole.stopped_)
        throw client_error(errc::canceled, whole.name_);
    whole.name_ = std::move(name);
    whole.interrupt_ = std::move(interrupt);
}

void step::fail(std::string_view words, errc why) const { throw client_error(why, fmt::format("{}: {}", whole_.name_, words)); }

void step::require(const boost::system::error_code& error) const {
    if (error)
        fail(words_of(error));
}

} // namespace capstan::client
