#include "hub/commands/command_center.hpp"

#include <limits>

#include <spdlog/spdlog.h>

#include "hub/commands/device_commands.hpp"
#include "hub/hub.hpp"

namespace capstan::hub {

/// Of one look for expired commands of devices that nobody has touched since the start: the next second looks again.
constexpr std::size_t sweep_limit = 256;

command_center::command_center(hub& owner) : hub_(owner), shards_(owner.thread_count()) {}
command_center::~command_center() = default;

receiver_id command_center::new_receiver() { return next_receiver_++; }

template<class Work> void command_center::with(std::string device, Work work) {
    const auto thread = hub_.home_of(device);
    hub_.queue(thread).post([this, thread, device = std::move(device), work = std::move(work)]() mutable {
        auto& commands = shards_[thread][device];
        if (!commands)
            commands = std::make_shared<device_commands>(hub_, device);
        const auto kept = commands; // the work may end in the removal of an idle one
        kept->when_loaded(std::move(work));
    });
}

void command_center::enqueue(std::string device, store::command command, run_queue& home, taken done) {
    with(std::move(device), [command = std::move(command), &home, done = std::move(done)](device_commands& queue) mutable {
        queue.enqueue(std::move(command), home, std::move(done));
    });
}

void command_center::want(std::string device, receiver_id id, run_queue& home, std::weak_ptr<command_receiver> receiver,
                          std::size_t count) {
    with(std::move(device), [id, &home, receiver = std::move(receiver), count](device_commands& queue) mutable {
        queue.want(id, home, std::move(receiver), count);
    });
}

void command_center::after_delivery(std::string device, run_queue& home, task then) {
    with(std::move(device), [&home, then = std::move(then)](device_commands&) mutable { home.post(std::move(then)); });
}

void command_center::leave(std::string device, receiver_id id) {
    with(std::move(device), [id](device_commands& queue) { queue.leave(id); });
}

void command_center::release(std::string device, lock_token token) {
    with(std::move(device), [token](device_commands& queue) { queue.release(token); });
}

void command_center::take_next(std::string device, std::optional<std::chrono::seconds> lock, run_queue& home,
                               std::move_only_function<void(next_command)> done) {
    with(std::move(device),
         [lock, &home, done = std::move(done)](device_commands& queue) mutable { queue.take_next(lock, home, std::move(done)); });
}

void command_center::settle(std::string device, lock_token token, verdict what, run_queue& home, taken done) {
    with(std::move(device), [token, what, &home, done = std::move(done)](device_commands& queue) mutable {
        queue.settle(token, what, home, std::move(done));
    });
}

void command_center::settle_by_id(std::string device, std::string message_id, verdict what, run_queue& home, taken done) {
    with(std::move(device), [message_id = std::move(message_id), what, &home, done = std::move(done)](device_commands& queue) mutable {
        queue.settle_by_id(message_id, what, home, std::move(done));
    });
}

void command_center::purge(std::string device, run_queue& home, purged done) {
    with(std::move(device), [&home, done = std::move(done)](device_commands& queue) mutable { queue.purge(home, std::move(done)); });
}

void command_center::look(std::string device, run_queue& home, looked done) {
    with(std::move(device), [&home, done = std::move(done)](device_commands& queue) mutable { queue.look(home, std::move(done)); });
}

/// A queue that is not there has nothing in memory and nothing on its way; what was stored has gone with the device.
void command_center::drop(const std::string& device) {
    auto& queues = shards_[hub_.home_of(device)];
    if (const auto found = queues.find(device); found != queues.end())
        found->second->when_loaded([](device_commands& queue) { queue.drop(); });
}

void command_center::tick(std::size_t thread) {
    auto& queues = shards_[thread];
    std::vector<std::shared_ptr<device_commands>> live;
    for (const auto& [device, commands] : queues)
        live.push_back(commands);
    for (const auto& commands : live)
        commands->tick();
    boost::unordered::erase_if(queues, [](const auto& each) { return each.second->idle(); });
    if (thread == 0)
        sweep();
}

/// No clock reaches it.
constexpr wall_time the_end{std::chrono::milliseconds(253'402'300'799'999)};

void command_center::start() {
    auto found = [this](store::outcome<std::vector<store::expiring_command>> all) {
        if (!all && all.error().code != store::errc::closed)
            spdlog::warn("waiting commands could not be counted: {}", all.error().text);
        if (all)
            depths_.start_with(*all);
    };
    hub_.store().commands().expiring(the_end, std::numeric_limits<std::size_t>::max(), {hub_.queue(0), std::move(found)});
}

/// Wakes the queues of devices whose commands expire while nobody asks for them.
void command_center::sweep() {
    if (std::exchange(sweeping_, true))
        return;
    auto found = [this](store::outcome<std::vector<store::expiring_command>> expiring) {
        sweeping_ = false;
        if (!expiring && expiring.error().code == store::errc::closed)
            return;
        if (!expiring)
            return spdlog::warn("expiring commands could not be read: {}", expiring.error().text);
        for (auto& each : *expiring) {
            if (store::are_dead_letters(each.device_id))
                hub_.store().commands().remove(std::move(each.device_id), {each.sequence}, {}, {hub_.queue(0), [](const auto&) {}});
            else
                with(std::move(each.device_id), [](device_commands& queue) { queue.tick(); });
        }
    };
    hub_.store().commands().expiring(hub_.clock().now(), sweep_limit, {hub_.queue(0), std::move(found)});
}

} // namespace capstan::hub
