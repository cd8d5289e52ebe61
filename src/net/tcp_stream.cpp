#include "net/tcp_stream.hpp"

namespace capstan::net {
namespace {

namespace asio = boost::asio;

io_result outcome_of(std::size_t count, const boost::system::error_code& error, io_state if_it_would_block) {
    if (!error)
        return {io_state::moved, count};
    if (error == asio::error::would_block || error == asio::error::try_again)
        return {if_it_would_block};
    return {error == asio::error::eof ? io_state::closed : io_state::failed, 0, error};
}

} // namespace

io_result tcp_stream::read_some(std::span<std::uint8_t> into) {
    boost::system::error_code error;
    const auto count = socket_.read_some(asio::buffer(into.data(), into.size()), error);
    auto result = outcome_of(count, error, io_state::wait_readable);
    result.drained = result.state == io_state::moved && count < into.size();
    return result;
}

io_result tcp_stream::write_some(bytes_view from) {
    boost::system::error_code error;
    const auto count = socket_.write_some(asio::buffer(from.data(), from.size()), error);
    return outcome_of(count, error, io_state::wait_writable);
}

void tcp_stream::finish() {
    boost::system::error_code ignored;
    socket_.shutdown(tcp_socket::shutdown_send, ignored);
}

} // namespace capstan::net
