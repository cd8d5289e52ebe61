#include "net/websocket_stream.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/error.hpp>
#include <openssl/evp.h>
#include <openssl/sha.h>

namespace capstan::net {

namespace asio = boost::asio;

std::string websocket_accept(std::string_view key) {
    std::string seed(key);
    seed += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, SHA_DIGEST_LENGTH> digest;
    SHA1(reinterpret_cast<const unsigned char*>(seed.data()), seed.size(), digest.data());
    std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> text;
    const int length = EVP_EncodeBlock(text.data(), digest.data(), SHA_DIGEST_LENGTH);
    return {text.begin(), text.begin() + length};
}

websocket_stream::websocket_stream(std::unique_ptr<stream> under, std::string_view answer, bytes early)
    : under_(std::move(under)), early_(std::move(early)) {
    append(unsent_, as_bytes(answer));
}

// --- reading

io_result websocket_stream::read_some(std::span<std::uint8_t> into) {
    for (int reads = 0; reads < reads_without_data; ++reads) {
        if (auto answered = answer_to_control_frames(); answered.state != io_state::moved)
            return answered;
        const auto read = read_under(into);
        if (read.state != io_state::moved)
            return read;
        if (const auto data = decoder_.decode(into.first(read.count)); data > 0)
            return {io_state::moved, data};
    }
    return {io_state::wait_writable}; // it is that already, most likely: what was read may not be all that there is
}

io_result websocket_stream::read_under(std::span<std::uint8_t> into) {
    if (early_.empty())
        return under_->read_some(into);
    const auto count = std::min(into.size(), early_.size());
    std::ranges::copy(bytes_view(early_).first(count), into.begin());
    early_ = bytes(early_.begin() + static_cast<std::ptrdiff_t>(count), early_.end());
    return {io_state::moved, count};
}

/// And to the request itself, at the beginning. `moved`: go on reading.
io_result websocket_stream::answer_to_control_frames() {
    if (const auto ping = decoder_.take_ping(); ping && !close_said_) {
        append_frame(unsent_, websocket_opcode::pong, *ping);
        owing_ = true;
    }
    if (decoder_.is_over() && !close_said_)
        return {io_state::over, 0, decoder_.closed() ? asio::error::eof : make_error_code(decoder_.fault())};
    if (decoder_.is_over())
        finish_under();
    return owing_ ? flush() : io_result{io_state::moved};
}

// --- writing

io_result websocket_stream::write_some(bytes_view from) {
    if (claimed_ == 0) {
        if (const auto flushed = flush(); flushed.state != io_state::moved)
            return flushed;
        claimed_ = std::min(from.size(), largest_message);
        append_frame(unsent_, websocket_opcode::binary, from.first(claimed_));
    }
    if (const auto flushed = flush(); flushed.state != io_state::moved)
        return flushed;
    return {io_state::moved, std::exchange(claimed_, 0)};
}

/// `moved` when all is written.
io_result websocket_stream::flush() {
    while (!unsent_.empty()) {
        const auto written = under_->write_some(unsent_);
        if (written.state != io_state::moved)
            return written;
        unsent_.erase(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(written.count));
    }
    bytes().swap(unsent_);
    owing_ = false;
    return {io_state::moved};
}

void websocket_stream::finish() {
    if (!std::exchange(close_said_, true)) {
        append_close(unsent_, close_code());
        owing_ = true;
    }
    if (decoder_.is_over())
        finish_under();
    else
        flush();
}

websocket_close websocket_stream::close_code() const {
    switch (decoder_.fault()) {
    case websocket_fault::none: return decoder_.closed() ? decoder_.close_code() : websocket_close::normal;
    case websocket_fault::text_message: return websocket_close::unsupported_data;
    default: return websocket_close::protocol_error;
    }
}

/// Both have closed.
void websocket_stream::finish_under() {
    if (!under_finished_ && flush().state == io_state::moved) { // otherwise it would stand in the middle of a frame
        under_->finish();
        under_finished_ = true;
    }
}

} // namespace capstan::net
