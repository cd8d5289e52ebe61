#include "hub/commands/dead_letters.hpp"

#include <algorithm>

#include "hub/hub.hpp"

namespace capstan::hub {
namespace {

using loaded = store::outcome<store::command_list>;

void load(hub& of, const std::string& device, run_queue& home, store::completion<store::command_list> then) {
    of.store().commands().load(store::dead_letters_of(device), {home, std::move(then)});
}

} // namespace

std::vector<store::command> dead_letters_among(const std::vector<departure>& leaving, const settings& rules, wall_time now) {
    std::vector<store::command> dead;
    for (const auto& each : leaving) {
        if (!each.died_of || rules.dead_letters == 0)
            continue;
        auto& kept = dead.emplace_back(*each.command);
        kept.died_of = each.died_of;
        kept.died = now;
        kept.expires = now + rules.dead_letter_life;
        kept.ack = store::ack_mode::none; // its sender has been told
    }
    return dead;
}

void keep_few_dead_letters(hub& of, const std::string& device, run_queue& home) {
    load(of, device, home, [&of, device, &home](loaded list) {
        const auto most = of.config().dead_letters;
        if (!list || list->commands.size() <= most)
            return;
        std::vector<std::uint64_t> oldest;
        for (std::size_t index = 0; index < list->commands.size() - most; ++index)
            oldest.push_back(list->commands[index].sequence);
        of.store().commands().remove(store::dead_letters_of(device), std::move(oldest), {}, {home, [](const auto&) {}});
    });
}

void list_dead_letters(hub& of, const std::string& device, run_queue& home,
                       std::move_only_function<void(store::outcome<std::vector<store::command>>)> done) {
    load(of, device, home, [done = std::move(done)](loaded list) mutable {
        if (!list)
            return done(std::unexpected(list.error()));
        done(std::move(list->commands));
    });
}

void remove_dead_letters(hub& of, const std::string& device, std::optional<std::uint64_t> sequence, run_queue& home,
                         std::move_only_function<void(store::outcome<std::size_t>)> done) {
    load(of, device, home, [&of, device, sequence, &home, done = std::move(done)](loaded list) mutable {
        if (!list)
            return done(std::unexpected(list.error()));
        std::vector<std::uint64_t> going;
        for (const auto& each : list->commands)
            if (!sequence || each.sequence == *sequence)
                going.push_back(each.sequence);
        auto removed = [count = going.size(), done = std::move(done)](const store::outcome<void>& result) mutable {
            done(result ? store::outcome<std::size_t>(count) : std::unexpected(result.error()));
        };
        of.store().commands().remove(store::dead_letters_of(device), std::move(going), {}, {home, std::move(removed)});
    });
}

void requeue_dead_letter(hub& of, const std::string& device, std::uint64_t sequence, run_queue& home, command_center::taken done) {
    load(of, device, home, [&of, device, sequence, &home, done = std::move(done)](loaded list) mutable {
        const auto now = of.clock().now();
        if (!list)
            return done(describe(list.error(), now));
        const auto found = std::ranges::find(list->commands, sequence, &store::command::sequence);
        if (found == list->commands.end())
            return done(describe(errc::message_not_found, "There is no such dead letter.", now));
        auto again = std::move(*found);
        again.died_of.reset();
        again.delivery_count = 0;
        again.enqueued = now;
        again.expires = now + of.config().command_ttl;
        auto enqueued = [&of, device, sequence, &home, done = std::move(done)](std::optional<amqp::error> refused) mutable {
            if (refused)
                return done(std::move(refused));
            auto removed = [done = std::move(done)](const store::outcome<void>&) mutable { done(std::nullopt); };
            of.store().commands().remove(store::dead_letters_of(device), {sequence}, {}, {home, std::move(removed)});
        };
        of.commands().enqueue(device, std::move(again), home, std::move(enqueued));
    });
}

} // namespace capstan::hub
