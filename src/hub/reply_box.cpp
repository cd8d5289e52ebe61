#include "hub/reply_box.hpp"

#include <algorithm>
#include <array>

namespace capstan::hub {

constexpr std::size_t max_waiting = 256;
/// An answer repeats its request's message-id: a stranger decides how long it is.
constexpr std::size_t max_waiting_bytes = 128 * 1024;

void reply_box::add_link(const amqp::link_info& link) {
    const bool settled = link.snd_settle_mode == static_cast<std::uint8_t>(amqp::sender_settle_mode::settled);
    links_.push_back({link.id, link.channel, link.name, link.target_terminus.address, settled});
}

void reply_box::remove_link(amqp::link_id link) {
    std::erase_if(links_, [&](const auto& each) { return each.id == link; });
}

void reply_box::put(std::string reply_to, std::uint16_t channel, amqp::bytes message) {
    waiting_bytes_ += reply_to.size() + message.size();
    waiting_.push_back({std::move(reply_to), channel, std::move(message)});
    while (waiting_.size() > max_waiting || waiting_bytes_ > max_waiting_bytes) {
        waiting_bytes_ -= waiting_.front().size();
        waiting_.erase(waiting_.begin());
    }
}

const reply_box::reply_link* reply_box::link_for(const reply& waiting) const {
    const auto find = [&](auto matches) -> const reply_link* {
        const auto found = std::ranges::find_if(links_, matches);
        return found == links_.end() ? nullptr : &*found;
    };
    if (!waiting.to.empty())
        if (const auto* named = find([&](const auto& link) { return link.name == waiting.to || link.target == waiting.to; }))
            return named;
    if (const auto* near = find([&](const auto& link) { return link.channel == waiting.channel; }))
        return near;
    return links_.empty() ? nullptr : &links_.front();
}

void reply_box::pump(amqp::connection& engine) {
    std::erase_if(waiting_, [&](const reply& each) {
        const auto* link = link_for(each);
        if (!link || engine.credit(link->id) == 0)
            return false;
        // Four bytes, little-endian, from 1: as the real hub's (iothub-amqp.md, appendix A, 10).
        const auto number = next_tag_++;
        const std::array<std::uint8_t, 4> tag{static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8),
                                              static_cast<std::uint8_t>(number >> 16), static_cast<std::uint8_t>(number >> 24)};
        const amqp::bytes_view piece = each.message;
        const bool sent = engine.send(link->id, tag, {&piece, 1}, {.settled = link->settled}).has_value();
        waiting_bytes_ -= sent ? each.size() : 0;
        return sent;
    });
    if (waiting_.empty())
        waiting_.shrink_to_fit();
}

} // namespace capstan::hub
