#pragma once
#include <memory>

#include <boost/asio/consign.hpp>
#include <boost/asio/write.hpp>

#include "client/transport/byte_stream.hpp"

namespace capstan::client {

/// A socket, or TLS over one. What is under way keeps it alive.
template<class Stream> class asio_stream final : public byte_stream {
public:
    explicit asio_stream(Stream connected) : stream_(std::make_shared<Stream>(std::move(connected))) {}
    ~asio_stream() override { asio_stream::close(); }

    void async_read_some(asio::mutable_buffer into, done then) override {
        stream_->async_read_some(into, asio::consign(std::move(then), stream_));
    }
    void async_write(asio::const_buffer from, done then) override {
        asio::async_write(*stream_, from, asio::consign(std::move(then), stream_));
    }
    void close() noexcept override {
        boost::system::error_code ignored;
        stream_->lowest_layer().close(ignored);
    }

private:
    const std::shared_ptr<Stream> stream_;
};

} // namespace capstan::client
