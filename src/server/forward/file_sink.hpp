#pragma once
// Events as JSON lines in files that grow to a size or an age, and are then finished. contract/semantics.md, section 4.1.

#include <map>

#include "hub/routing/routes.hpp"
#include "server/forward/sink.hpp"

namespace capstan::server {

/// {folder}/{partition}/{YYYY}-{MM}-{DD}T{HH}-{mm}-{ss}-{first sequence number}.jsonl; while it grows, the name ends in .part. A
/// line is an event (hub/routing/document.hpp). Each event is in exactly one file, once, also after a crash: what was written beyond
/// the last state that was kept is cut off.
class file_sink final : public sink {
public:
    explicit file_sink(const hub::routing::endpoint& rules) : rules_(rules) {}
    ~file_sink() override;

    delivered deliver(store::partition_id partition, std::span<const store::event_view> events, wall_time now) override;
    void idle(store::partition_id partition, wall_time now) override;
    boost::json::value state(store::partition_id partition) const override;
    void resume(store::partition_id partition, const boost::json::value& state) override;

private:
    struct growing {
        std::filesystem::path path{}; ///< without .part; empty: none
        int descriptor = -1;
        std::uint64_t size = 0;       ///< of what is kept
        wall_time opened{};
    };
    void open(growing& file, store::partition_id partition, store::sequence_number first, wall_time now);
    void reopen(growing& file);
    void finish(growing& file);
    bool full(const growing& file, wall_time now) const;

    const hub::routing::endpoint& rules_;
    std::map<store::partition_id, growing> files_;
};

} // namespace capstan::server
