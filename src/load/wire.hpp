#pragma once
// The few encodings that the path of a message reads and writes itself (part 1, section 1.6; part 2, section 2.3.1). All that is not
// on that path goes through the engine's decoder and encoder.

#include <bit>
#include <cstdint>
#include <cstring>

#include <capstan/amqp/types.hpp>

namespace capstan::load::wire {

template<class T> T load(const std::uint8_t* from) {
    T value;
    std::memcpy(&value, from, sizeof value);
    return std::byteswap(value);
}

template<class T> void store(std::uint8_t* to, T value) {
    value = std::byteswap(value);
    std::memcpy(to, &value, sizeof value);
}
static_assert(std::endian::native == std::endian::little);

constexpr std::size_t frame_header = 8;

/// Steps over the elements of a list, each of the few encodings that its field may have. Says false at any other: the general decoder
/// reads it then.
class fast_reader {
public:
    explicit fast_reader(amqp::bytes_view input) : at_(input.data()), end_(input.data() + input.size()) {}

    const std::uint8_t* at() const { return at_; }
    const std::uint8_t* end() const { return end_; }
    std::size_t left() const { return static_cast<std::size_t>(end_ - at_); }

    /// The head of a list of at least `least` elements; the reader then ends where the list does.
    bool open_list(std::uint32_t least, std::uint32_t& count) {
        if (left() >= 3 && at_[0] == 0xc0)
            return enter(1 + std::size_t{at_[1]}, at_[2], 3, least, count);
        if (left() >= 9 && at_[0] == 0xd0)
            return enter(4 + std::size_t{load<std::uint32_t>(at_ + 1)}, load<std::uint32_t>(at_ + 5), 9, least, count);
        return false;
    }
    bool uint(std::uint32_t& value) {
        if (left() >= 5 && *at_ == 0x70)
            return value = load<std::uint32_t>(at_ + 1), take(5);
        if (left() >= 2 && *at_ == 0x52)
            return value = at_[1], take(2);
        if (left() >= 1 && *at_ == 0x43)
            return value = 0, take(1);
        return false;
    }
    bool null() { return left() >= 1 && *at_ == 0x40 && take(1); }
    bool boolean(bool& value) {
        if (left() == 0 || (*at_ != 0x41 && *at_ != 0x42))
            return false;
        return value = *at_ == 0x41, take(1);
    }
    bool binary() { return left() >= 2 && *at_ == 0xa0 && left() >= 2u + at_[1] && take(2u + at_[1]); }
    /// A described value's descriptor: 0x00, smallulong.
    bool descriptor(std::uint8_t& code) { return left() >= 3 && at_[0] == 0 && at_[1] == 0x53 && (code = at_[2], take(3)); }

private:
    bool take(std::size_t count) { return at_ += count, true; }
    bool enter(std::size_t size_with_code, std::uint32_t count_read, std::size_t header, std::uint32_t least, std::uint32_t& count) {
        // size_with_code counts the size field's own width instead of the constructor: both lists end that far behind byte 1
        if (count_read < least || size_with_code + 1 < header || size_with_code + 1 > left())
            return false;
        count = count_read;
        end_ = at_ + 1 + size_with_code;
        return take(header);
    }

    const std::uint8_t *at_, *end_;
};

} // namespace capstan::load::wire
