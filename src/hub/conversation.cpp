#include "hub/conversation.hpp"

#include <spdlog/spdlog.h>

#include "hub/conditions.hpp"

namespace capstan::hub {

void conversation::refused(std::string_view what, const amqp::error& why, std::string_view about) {
    if (!log.may_write(now()))
        return;
    const auto [code, id, text] = marks_of(why);
    spdlog::info("refused {} peer={} about=\"{}\" condition={} errorCode={} trackingId=\"{}\" reason=\"{}\"", what, origin,
                 printable(about), why.condition, code, id, printable(text));
}

void conversation::refused(std::string_view what, const amqp::error& why, amqp::link_id link) {
    const auto* info = engine.find(link);
    if (!info)
        return refused(what, why);
    refused(what, why, info->role == amqp::role::sender ? info->source_terminus.address : info->target_terminus.address);
}

} // namespace capstan::hub
