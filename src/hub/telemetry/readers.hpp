#pragma once
// Who reads which partition: exclusive readers by epoch, and how many others may share. contract/event-hubs.md, section 4.4.

#include <atomic>
#include <expected>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/unordered/unordered_flat_map.hpp>
#include <capstan/amqp/error.hpp>

#include "base/run_queue.hpp"
#include "hub/settings.hpp"
#include "store/telemetry_log.hpp"

namespace capstan::hub {

/// Thread-safe; a lock is taken when a reader comes or goes, never while it reads.
class readers {
public:
    explicit readers(const settings& rules) : rules_(rules) {}

    using reader_id = std::uint64_t;
    struct reader {
        std::string consumer_group; ///< lower case
        store::partition_id partition;
        std::optional<std::int64_t> epoch;
        std::string name;           ///< for the text of errors; may be empty
        run_queue* home;
        std::function<void(amqp::error)> displaced; ///< runs on `home`, at most once
    };

    /// Lets the reader in, and those out that it displaces; or says why not.
    std::expected<reader_id, amqp::error> enter(reader who);
    void leave(reader_id id);
    /// The consumer group was removed: its readers are told, and gone.
    void end_group(std::string_view consumer_group);

    /// What each may read ahead: enough to keep a fast one busy; less, the more there are, so that the blocks of thousands which
    /// catch up fit into memory. Cheap; takes no lock.
    store::read_limits share() const;
    std::size_t count() const { return count_; } ///< of those that are let in

private:
    struct key {
        std::string consumer_group;
        store::partition_id partition;
        bool operator==(const key&) const = default;
        friend std::size_t hash_value(const key& of) { return std::hash<std::string>()(of.consumer_group) * 31 + of.partition; }
    };
    struct present {
        reader_id id;
        reader who;
    };
    std::optional<amqp::error> refusal(const std::vector<present>& there, const reader& newcomer) const;
    static void displace(const present& loser, const reader& winner);

    const settings& rules_;
    std::mutex mutex_;
    boost::unordered_flat_map<key, std::vector<present>> present_;
    boost::unordered_flat_map<reader_id, key> keys_;
    reader_id next_id_ = 1;
    std::atomic<std::size_t> count_ = 0; ///< of keys_
};

} // namespace capstan::hub
