#pragma once
// Commands that were rejected, expired, or delivered too often: kept for a while, to be looked at and sent again. Azure drops them;
// docs/compatibility.md. They are in the store only: nobody asks for them often.

#include "hub/commands/command_center.hpp"
#include "hub/commands/mailbox.hpp"

namespace capstan::hub {

/// Of what leaves a queue, what is to be kept as dead letters, as it is to be kept.
std::vector<store::command> dead_letters_among(const std::vector<departure>& leaving, const settings& rules, wall_time now);

/// After a burial: removes the oldest of a device beyond what the settings allow. `home` is the device's.
void keep_few_dead_letters(hub& of, const std::string& device, run_queue& home);

/// `done` runs on `home`, by ascending sequence.
void list_dead_letters(hub& of, const std::string& device, run_queue& home,
                       std::move_only_function<void(store::outcome<std::vector<store::command>>)> done);

/// One, or all of them when there is no number. Durable when `done` runs, with how many there were.
void remove_dead_letters(hub& of, const std::string& device, std::optional<std::uint64_t> sequence, run_queue& home,
                         std::move_only_function<void(store::outcome<std::size_t>)> done);

/// Puts one into the device's queue again, as a new command: with another number, no deliveries, and the usual life. It is enqueued
/// before it is no dead letter any more: a crash in between leaves both. `done` gets why it was not; the dead letter is there then.
void requeue_dead_letter(hub& of, const std::string& device, std::uint64_t sequence, run_queue& home, command_center::taken done);

} // namespace capstan::hub
