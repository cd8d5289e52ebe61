#include "hub/endpoints/events_out.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "hub/endpoints/redirect.hpp"
#include "hub/peer.hpp"
#include "hub/telemetry/annotations.hpp"

namespace capstan::hub {
namespace {

/// A reader's name stands in what other readers are told.
constexpr std::size_t max_name = 128;

template<class T> std::optional<T> link_property(const amqp::link_info& link, std::string_view name) {
    const auto properties = amqp::decode_value({link.properties});
    const auto* map = properties ? properties->get<amqp::map>() : nullptr;
    const auto* found = map ? map->find(name) : nullptr;
    if (!found)
        return std::nullopt;
    if constexpr (std::same_as<T, std::string>)
        return std::string(found->text().value_or(""));
    else
        return found->integer();
}

} // namespace

events_out_endpoint::events_out_endpoint(conversation& with, amqp::link_id link, event_hub& from, std::string consumer_group,
                                         store::partition_id partition)
    : endpoint(with, link), from_(from), consumer_group_(std::move(consumer_group)), partition_(partition) {}

events_out_endpoint::~events_out_endpoint() {
    if (watch_)
        from_.log().unwatch(*watch_);
    if (reader_)
        from_.readers().leave(*reader_);
}

void events_out_endpoint::open() {
    auto& log = from_.log();
    const auto from = parse_filter(info().source_terminus.filter);
    if (!from)
        return refuse(describe_as_event_hub(amqp::condition::invalid_field, from.error(), with_.now()));
    const auto first = first_event(*from, log.state(partition_));
    if (!first)
        return refuse(describe_as_event_hub(condition_of(errc::argument_invalid), first.error(), with_.now()));
    if (!enter())
        return;
    metrics_ = std::ranges::count(info().desired_capabilities, "com.microsoft:enable-receiver-runtime-metric") > 0;
    // Event Hubs sends its events settled, whatever was asked (contract/event-hubs.md, 4.1).
    engine().accept(link_, {.snd_settle_mode = 1, .rcv_settle_mode = info().rcv_settle_mode.value_or(0)});
    if (from->what != position::kind::time)
        return begin(*first);
    // An inclusive time begins one millisecond earlier: that is the resolution of the log.
    const auto after = wall_time(std::chrono::milliseconds(static_cast<std::int64_t>(from->value) - (from->inclusive ? 1 : 0)));
    log.find_after(partition_, after, {with_.home(), [self = weak<events_out_endpoint>()](store::outcome<store::sequence_number> found) {
                                           const auto live = self.lock();
                                           if (live && found)
                                               live->begin(*found);
                                           else if (live)
                                               live->fail(found.error());
                                       }});
}

/// Some clients attach again at once and for ever: each refusal keeps them waiting a little (contract/event-hubs.md, 4.4).
void events_out_endpoint::refuse(amqp::error why) {
    with_.refused("link", why, link_);
    engine().refuse(link_, std::move(why), refusal_pause);
    with_.links.forget_link(link_);
}

/// Takes a place among the partition's readers; refuses the link when there is none.
bool events_out_endpoint::enter() {
    readers::reader who{.consumer_group = consumer_group_,
                        .partition = partition_,
                        .epoch = link_property<std::int64_t>(info(), "com.microsoft:epoch"),
                        .name = link_property<std::string>(info(), "com.microsoft:receiver-name").value_or("").substr(0, max_name),
                        .home = &with_.home(),
                        .displaced = [self = weak<events_out_endpoint>()](const amqp::error& why) {
                            if (const auto live = self.lock())
                                live->end(describe_as_event_hub(why.condition, why.description, live->with_.now()));
                        }};
    auto entered = from_.readers().enter(std::move(who));
    if (!entered)
        return refuse(describe_as_event_hub(entered.error().condition, entered.error().description, with_.now())), false;
    reader_ = *entered;
    // Removed meanwhile, on another thread, which did not find us among its readers?
    if (!from_.consumer_groups().contains(consumer_group_)) {
        const auto text = fmt::format("The consumer group '{}' was removed.", consumer_group_);
        return refuse(describe_as_event_hub(amqp::condition::not_found, text, with_.now())), false;
    }
    return true;
}

void events_out_endpoint::begin(store::sequence_number first) {
    next_ = first;
    begun_ = true;
    watch_ = from_.log().watch(partition_, with_.home(), [self = weak<events_out_endpoint>()](const store::partition_state&) {
        if (const auto live = self.lock())
            live->pump(), live->with_.wake();
    });
    pump();
    with_.wake();
}

void events_out_endpoint::pump() {
    if (!begun_)
        return;
    while (engine().credit(link_) > 0 && engine().output_size() < peer::output_high_water) {
        if (block_at_ < block_.events.size()) {
            if (!send(block_.events[block_at_]))
                return;
            ++block_at_;
            continue;
        }
        block_ = {};
        block_at_ = 0;
        if (const auto end = from_.log().state(partition_).next; next_ < end)
            return read(end);
        return end_drain(); // the tail: watch() tells when there is more
    }
    if (engine().credit_left(link_) == 0)
        end_drain();
}

/// However much comes in, and to other partitions only, a block a second is read.
void events_out_endpoint::on_second() {
    pace_.let_go();
    pump();
}

/// There is nothing to send, or no credit left for it (part 2, section 2.6.7).
void events_out_endpoint::end_drain() {
    if (engine().draining(link_))
        engine().drained(link_);
}

bool events_out_endpoint::send(const store::event_view& event) {
    annotations_head(event, head_);
    bytes_view pieces[5];
    std::size_t count = 0;
    if (metrics_) {
        metrics_section(from_.log().state(partition_), with_.now(), metrics_head_);
        pieces[count++] = metrics_head_;
    }
    pieces[count++] = head_;
    pieces[count++] = event.stamp;
    pieces[count++] = event.annotations;
    pieces[count++] = event.message;
    std::array<std::uint8_t, 8> tag{};
    for (std::size_t byte = 0; byte < tag.size(); ++byte)
        tag[byte] = static_cast<std::uint8_t>(event.sequence >> (56 - 8 * byte));
    if (!engine().send(link_, tag, {pieces, count}, {.settled = true}))
        return false;
    next_ = event.sequence + 1;
    return true;
}

/// Who is less than a block away from the end reads what there is. Where the pace does not let it, the next commit to the partition looks
/// again, or the end of the pressure, or the next second.
void events_out_endpoint::read(store::sequence_number end) {
    const auto& intake = with_.hub.intake();
    const auto share = from_.readers().share();
    if (reading_)
        return;
    if (end - next_ > share.events && !pace_.may_read(intake, from_.readers().count()))
        return wait_for_relief();
    reading_ = true;
    pace_.begins(intake);
    from_.log().read(partition_, next_, share,
                     {with_.home(), [self = weak<events_out_endpoint>()](store::outcome<store::event_block> block) {
                          if (const auto live = self.lock())
                              live->on_block(std::move(block));
                      }});
}

void events_out_endpoint::wait_for_relief() {
    if (waiting_)
        return;
    waiting_ = with_.hub.intake().when_relieved(with_.home(), [self = weak<events_out_endpoint>()] {
        if (const auto live = self.lock())
            live->waiting_ = false, live->pump(), live->with_.wake();
    });
}

void events_out_endpoint::on_block(store::outcome<store::event_block> block) {
    reading_ = false;
    if (!block)
        return fail(block.error());
    // Only what retention has removed in the meantime can be missing in front.
    block_ = std::move(*block);
    block_at_ = 0;
    pace_.has_read(block_.size);
    if (block_.events.empty())
        next_ = std::max(next_, from_.log().state(partition_).begin);
    pump();
    with_.wake();
}

void events_out_endpoint::fail(const store::failure& failure) {
    spdlog::error("reading telemetry failed peer={} partition={} reason=\"{}\"", with_.origin, partition_, failure.text);
    end(describe(failure, with_.now()));
}

} // namespace capstan::hub
