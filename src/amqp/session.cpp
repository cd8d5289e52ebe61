#include "amqp/session.hpp"

#include <algorithm>

namespace capstan::amqp {

link* session::named(std::string_view name, role ours) const {
    for (const auto& each : links)
        if (each && each->info.role == ours && each->info.name == name && each->local != lifecycle::ended)
            return each.get();
    return nullptr;
}

link& session::add_link(role ours, std::string_view name) {
    auto free = std::ranges::find_if(links, [](const auto& each) { return !each; });
    if (free == links.end())
        free = links.insert(links.end(), nullptr);
    *free = std::make_unique<link>();
    link& added = **free;
    added.local_handle = static_cast<std::uint32_t>(free - links.begin());
    added.info.channel = local_channel;
    added.info.role = ours;
    added.info.name = name;
    return added;
}

void session::forget_deliveries(const link& gone) {
    boost::unordered::erase_if(sent, [&](const auto& each) { return each.second == gone.info.id; });
    boost::unordered::erase_if(received, [&](const auto& each) { return each.second == gone.info.id; });
    if (blocked && blocked->link == gone.info.id)
        blocked.reset();
}

void session::remove(link& gone) {
    if (const auto found = by_remote_handle.find(gone.remote_handle); found != by_remote_handle.end() && found->second == &gone)
        by_remote_handle.erase(found);
    links[gone.local_handle].reset();
}

} // namespace capstan::amqp
