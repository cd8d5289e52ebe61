#include "amqp/short_transfer.hpp"

#include <algorithm>
#include <array>

#include "amqp/codec/wire.hpp"
#include "amqp/link.hpp"

namespace capstan::amqp {
namespace {

/// The fields of a short list, one after the other. Once something is not as it is wanted, nothing is.
class quick_reader {
public:
    quick_reader(bytes_view fields, std::size_t count) : rest_(fields), left_(count) {}

    bool at_end() const { return good_ && left_ == 0 && rest_.empty(); }
    bool absent() { return constructor() == wire::null; }

    std::optional<std::uint32_t> number() {
        switch (constructor()) {
        case wire::null: return std::nullopt;
        case wire::uint0: return 0;
        case wire::small_uint: return take(1) ? std::optional<std::uint32_t>(taken_[0]) : std::nullopt;
        case wire::uint: return take(4) ? std::optional(wire::load<std::uint32_t>(taken_.data())) : std::nullopt;
        default: good_ = false; return std::nullopt;
        }
    }
    std::optional<bytes_view> binary() {
        switch (constructor()) {
        case wire::null: return std::nullopt;
        case wire::binary8: return take(1) && take(taken_[0]) ? std::optional(taken_) : std::nullopt;
        default: good_ = false; return std::nullopt;
        }
    }
    std::optional<bool> truth() {
        switch (constructor()) {
        case wire::null: return std::nullopt;
        case wire::true_: return true;
        case wire::false_: return false;
        default: good_ = false; return std::nullopt;
        }
    }

private:
    /// Of the next field; null where the list has ended.
    std::uint8_t constructor() {
        if (left_ == 0 || !good_)
            return wire::null;
        --left_;
        return take(1) ? taken_[0] : static_cast<std::uint8_t>(wire::null);
    }
    bool take(std::size_t size) {
        good_ = good_ && size <= rest_.size();
        if (!good_)
            return false;
        taken_ = rest_.first(size);
        rest_ = rest_.subspan(size);
        return true;
    }

    bytes_view rest_, taken_;
    std::size_t left_;
    bool good_ = true;
};

class quick_writer {
public:
    void put(std::uint8_t byte) { octets_[size_++] = byte; }
    void number(std::uint32_t value) {
        if (value == 0)
            return put(wire::uint0);
        if (value <= 0xff)
            return put(wire::small_uint), put(static_cast<std::uint8_t>(value));
        put(wire::uint);
        wire::store(octets_.data() + size_, value);
        size_ += sizeof value;
    }
    void number(std::optional<std::uint32_t> value) { value ? number(*value) : put(wire::null); }
    void binary(std::optional<bytes_view> value) {
        if (!value)
            return put(wire::null);
        put(wire::binary8);
        put(static_cast<std::uint8_t>(value->size()));
        std::ranges::copy(*value, octets_.begin() + static_cast<std::ptrdiff_t>(size_));
        size_ += value->size();
    }
    void truth(bool value) { put(value ? wire::true_ : wire::false_); }
    void truth(std::optional<bool> value) { value ? truth(*value) : put(wire::null); }

    void at(std::size_t place, std::size_t byte) { octets_[place] = static_cast<std::uint8_t>(byte); }
    std::size_t size() const { return size_; }
    bytes_view written() const { return bytes_view(octets_).first(size_); }

private:
    std::array<std::uint8_t, 32 + max_tag_size> octets_; ///< the other fields take 29 at most
    std::size_t size_ = 0;
};

constexpr std::uint8_t fields_of_transfer = 11;

} // namespace

std::optional<transfer> read_short_transfer(decoder& from) {
    const bytes_view all = from.rest();
    if (all.size() < 3 || all[0] != wire::list8 || all[1] == 0 || all.size() < 2u + all[1])
        return std::nullopt;
    const std::size_t size = 2u + all[1];
    quick_reader fields(all.subspan(3, size - 3), all[2]);
    std::optional<transfer> result(std::in_place);
    const auto handle = fields.number();
    result->delivery_id = fields.number();
    result->delivery_tag = fields.binary();
    result->message_format = fields.number();
    result->settled = fields.truth();
    result->more = fields.truth().value_or(false);
    const bool usual = fields.absent() && fields.absent(); // rcv-settle-mode, state
    result->resume = fields.truth().value_or(false);
    result->aborted = fields.truth().value_or(false);
    result->batchable = fields.truth().value_or(false);
    if (!handle || !usual || !fields.at_end())
        return std::nullopt;
    result->handle = *handle;
    from = decoder(all.subspan(size));
    return result;
}

bool write_short_transfer(encoder& to, const transfer& what) {
    if (what.state || what.rcv_settle_mode || what.resume || what.aborted || what.batchable ||
        what.delivery_tag.value_or(bytes_view()).size() > max_tag_size)
        return false;
    quick_writer out;
    for (const std::uint8_t byte : {std::uint8_t{wire::described}, std::uint8_t{wire::small_ulong}, std::uint8_t{transfer::code},
                                    std::uint8_t{wire::list8}, std::uint8_t{0}, fields_of_transfer})
        out.put(byte);
    constexpr std::size_t size_at = 4;
    out.number(what.handle);
    out.number(what.delivery_id);
    out.binary(what.delivery_tag);
    out.number(what.message_format);
    out.truth(what.settled);
    out.truth(what.more);
    out.put(wire::null); // rcv-settle-mode
    out.put(wire::null); // state
    for (int each = 0; each < 3; ++each)
        out.truth(false); // resume, aborted, batchable
    out.at(size_at, out.size() - size_at - 1);
    to.write(encoded_view{out.written()});
    return true;
}

} // namespace capstan::amqp
