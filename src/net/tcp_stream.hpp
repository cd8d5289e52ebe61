#pragma once
#include "net/stream.hpp"

namespace capstan::net {

/// Bytes as they are.
class tcp_stream final : public socket_stream {
public:
    using socket_stream::socket_stream;

    io_result read_some(std::span<std::uint8_t> into) override;
    io_result write_some(bytes_view from) override;
    bool established() const override { return true; }
    std::optional<client_certificate> peer_certificate() const override { return std::nullopt; }
    void finish() override;
};

} // namespace capstan::net
