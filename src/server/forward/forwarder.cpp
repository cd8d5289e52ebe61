#include "server/forward/forwarder.hpp"

#include <algorithm>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "server/files.hpp"

namespace capstan::server {
namespace {

namespace json = boost::json;

constexpr store::read_limits read_limits{.events = 1000, .bytes = 1024 * 1024};
constexpr std::chrono::seconds look_again{1};    // when there is nothing to do
constexpr std::chrono::seconds longest_pause{60}; // after trouble: twice as long each time, from one second on

} // namespace

forwarder::forwarder(std::string name, store::telemetry_log& from, std::unique_ptr<sink> to, std::optional<std::filesystem::path> progress,
                     const wall_clock& clock)
    : name_(std::move(name)), from_(from), to_(std::move(to)), progress_(std::move(progress)), clock_(clock),
      partitions_(from.partition_count()) {}

forwarder::~forwarder() { stop(); }

void forwarder::stop() {
    stop_ = true;
    to_->interrupt();
    queue_.post([] {});
    if (thread_.joinable())
        thread_.join();
}

std::expected<void, std::string> forwarder::start() {
    if (auto loaded = load(); !loaded)
        return loaded;
    thread_ = std::thread([this] { run(); });
    return {};
}

hub::forwarding forwarder::progress() const {
    std::uint64_t stored = 0;
    const auto handed_on = handed_on_.load(); // before the others: it is never more than they are
    for (store::partition_id id = 0; id < from_.partition_count(); ++id)
        stored += from_.state(id).next;
    return {stored - handed_on, troubled_ == 0};
}

// --- How far it has come ---------------------------------------------------------------------------------------------------------

std::expected<void, std::string> forwarder::load() {
    std::error_code ignored;
    if (!progress_ || !std::filesystem::exists(*progress_, ignored))
        return {};
    const auto content = read_whole_file(*progress_);
    if (!content)
        return std::unexpected(content.error());
    try {
        const auto parsed = json::parse(*content);
        const auto& all = parsed.at("partitions").as_array();
        for (std::size_t id = 0; id < std::min(all.size(), partitions_.size()); ++id) {
            partitions_[id].next = all[id].at("next").to_number<store::sequence_number>();
            handed_on_ += partitions_[id].next;
            to_->resume(static_cast<store::partition_id>(id), all[id].at("state"));
        }
        return {};
    } catch (const std::exception& error) {
        return std::unexpected(fmt::format("{} is corrupt: {}", progress_->string(), error.what()));
    }
}

bool forwarder::save() {
    if (!progress_)
        return true;
    json::array all;
    for (std::size_t id = 0; id < partitions_.size(); ++id)
        all.push_back({{"next", partitions_[id].next}, {"state", to_->state(static_cast<store::partition_id>(id))}});
    const auto written = write_whole_file(*progress_, json::serialize(json::object{{"partitions", all}}) + "\n", 0600);
    if (!written)
        spdlog::error("endpoint={} cannot note how far it has come: {}", name_, written.error());
    return written.has_value();
}

// --- The thread ------------------------------------------------------------------------------------------------------------------

void forwarder::run() {
    for (store::partition_id id = 0; id < from_.partition_count(); ++id)
        partitions_[id].watch = from_.watch(id, queue_, [](const store::partition_state&) {}); // it wakes the queue
    while (!stop_) {
        bool busy = false;
        for (store::partition_id id = 0; id < from_.partition_count() && !stop_; ++id)
            busy = hand_on(id) || busy;
        if (!busy && !stop_)
            queue_.run(look_again);
    }
    for (const auto& each : partitions_)
        from_.unwatch(each.watch);
    queue_.run({});
}

/// Says whether there may be more.
bool forwarder::hand_on(store::partition_id id) {
    auto& part = partitions_[id];
    const auto now = clock_.now();
    if (now < part.not_before)
        return false;
    const auto state = from_.state(id);
    if (part.next < state.begin) {
        spdlog::error("endpoint={} partition={}: {} events were older than the retention before they could be handed on", name_, id,
                      state.begin - part.next);
        handed_on_ += state.begin - part.next;
        part.next = state.begin;
    }
    if (part.next >= state.next) {
        to_->idle(id, now);
        return false;
    }
    const auto block = read(id);
    if (!block) {
        note_trouble(id, block.error().text);
        return false;
    }
    if (block->events.empty())
        return false;
    const auto done = to_->deliver(id, block->events, now);
    if (done.count > 0) {
        const auto next = block->events[done.count - 1].sequence + 1;
        handed_on_ += next - part.next;
        part.next = next;
    }
    if (done.count > 0 && !save())
        part.not_before = now + look_again;
    note_trouble(id, done.trouble);
    return done.trouble.empty();
}

store::outcome<store::event_block> forwarder::read(store::partition_id id) {
    std::optional<store::outcome<store::event_block>> result;
    from_.read(id, partitions_[id].next, read_limits,
               {queue_, [&result](store::outcome<store::event_block> block) { result = std::move(block); }});
    while (!result) // a store answers always, a closed one too
        queue_.run(look_again);
    return *std::move(result);
}

/// One line when it begins or changes, one when it is over.
void forwarder::note_trouble(store::partition_id id, const std::string& trouble) {
    auto& part = partitions_[id];
    if (trouble.empty() != part.trouble.empty())
        trouble.empty() ? --troubled_ : ++troubled_;
    if (trouble.empty()) {
        if (!part.trouble.empty())
            spdlog::info("endpoint={} partition={} goes on", name_, id);
        part.pause = {};
    } else {
        if (part.trouble != trouble)
            spdlog::warn("endpoint={} partition={} waits: {}", name_, id, trouble);
        part.pause = std::clamp(part.pause * 2, std::chrono::seconds(1), longest_pause);
        part.not_before = clock_.now() + part.pause;
    }
    part.trouble = trouble;
}

} // namespace capstan::server
