#include "store/rocksdb/command_queue.hpp"

#include <fmt/format.h>

#include "store/rocksdb/keys.hpp"
#include "store/rocksdb/values.hpp"

namespace capstan::store {
namespace {

failure damaged_command(std::string_view device_id, std::uint64_t sequence, std::size_t size) {
    return corrupt(fmt::format("command {} of the device '{}'", sequence, device_id), size);
}

failure damaged_head(std::string_view device_id, std::size_t size) {
    return corrupt(fmt::format("the next command number of the device '{}'", device_id), size);
}

// ---- reading, by the read pool; a drop, by the committer

outcome<command_list> read_device(database& data, const std::string& device_id, const rocksdb::Snapshot* as_of) {
    const std::string head = keys::device_head(device_id);
    const std::string end = keys::device_end(device_id);
    const rocksdb::Slice end_slice = end;
    rocksdb::ReadOptions options;
    options.snapshot = as_of;
    options.iterate_upper_bound = &end_slice;
    command_list list;
    const auto at = data.iterate(data.commands(), options);
    for (at->Seek(head); at->Valid(); at->Next()) {
        const bytes_view value = keys::view(at->value());
        bytes_reader number(keys::view(at->key()).subspan(head.size()));
        if (number.remaining() == 0) {
            const auto next = values::decode_next(value);
            if (!next)
                return std::unexpected(damaged_head(device_id, value.size()));
            list.next_sequence = *next;
            continue;
        }
        const auto sequence = number.fixed<std::uint64_t>();
        auto found = values::decode_command(sequence, value);
        if (!found)
            return std::unexpected(damaged_command(device_id, sequence, value.size()));
        list.commands.push_back(*std::move(found));
    }
    if (!at->status().ok())
        return std::unexpected(to_failure(at->status(), fmt::format("cannot read the commands of the device '{}'", device_id)));
    return list;
}

outcome<std::vector<expiring_command>> first_to_expire(database& data, wall_time time, std::size_t limit) {
    const std::string end = keys::expiry_time(time + std::chrono::milliseconds(1));
    const rocksdb::Slice end_slice = end;
    rocksdb::ReadOptions options;
    options.iterate_upper_bound = &end_slice;
    std::vector<expiring_command> found;
    const auto at = data.iterate(data.expiry(), options);
    for (at->SeekToFirst(); at->Valid() && found.size() < limit; at->Next()) {
        bytes_reader key(keys::view(at->key()));
        const wall_time expires(std::chrono::milliseconds(static_cast<std::int64_t>(key.fixed<std::uint64_t>())));
        if (key.remaining() < 9) // the byte 00 and the sequence number
            return std::unexpected(corrupt("an entry of the commands' expiry times", at->key().size()));
        std::string device_id(as_text(key.take(key.remaining() - 9)));
        key.take(1);
        found.push_back({std::move(device_id), key.fixed<std::uint64_t>(), expires});
    }
    if (!at->status().ok())
        return std::unexpected(to_failure(at->status(), "cannot read the commands' expiry times"));
    return found;
}

} // namespace

/// Takes its place among the writes, as requests for one device take effect in their order; reads in the pool, from a snapshot.
class rocksdb_command_queue::load_request final : public write_request {
public:
    load_request(rocksdb_command_queue& from, std::string device_id, reply_to<command_list> reply)
        : write_request(reply.home, 0), from_(from), device_id_(std::move(device_id)), done_(std::move(reply.done)) {}

    bool wants_new_round() const override {
        const auto* known = from_.known_.find(device_id_);
        return known && known->changed_in == from_.round_;
    }
    void apply(write_round&) override {
        const std::shared_ptr<database> data = from_.data_.get();
        reply_to<command_list> reply{home(), std::move(done_)};
        from_.reads_.read<command_list>(std::move(reply), [data, device_id = device_id_, as_of = database::snapshot(data)] {
            return read_device(*data, device_id, as_of.get());
        });
    }
    bool waits_for_round() const override { return false; } // it is the read that answers
    void answer(const failure* why_not) override { done_(std::unexpected(*why_not)); } // only when it is refused

private:
    rocksdb_command_queue& from_;
    std::string device_id_;
    completion<command_list> done_;
};

// ---- requests, by any thread

void rocksdb_command_queue::load(std::string device_id, reply_to<command_list> reply) {
    writes_.submit(std::make_unique<load_request>(*this, std::move(device_id), std::move(reply)));
}

void rocksdb_command_queue::put(std::string device_id, command value, reply_to<void> reply) {
    const std::size_t size = value.message.size();
    writes_.submit<void>(size, std::move(reply), [this, device_id = std::move(device_id), value = std::move(value)](write_round& round) {
        return put_now(device_id, value, round);
    });
}

void rocksdb_command_queue::remove(std::string device_id, std::vector<std::uint64_t> sequences, std::vector<feedback_record> feedback,
                                   reply_to<void> reply) {
    writes_.submit<void>(0, std::move(reply),
                         [this, device_id = std::move(device_id), sequences = std::move(sequences), feedback = std::move(feedback)](
                             write_round& round) { return remove_now(device_id, sequences, feedback, round); });
}

void rocksdb_command_queue::bury(std::string device_id, std::vector<command> dead, std::vector<feedback_record> feedback,
                                 reply_to<void> reply) {
    std::size_t size = 0;
    for (const command& each : dead)
        size += each.message.size();
    writes_.submit<void>(size, std::move(reply),
                         [this, device_id = std::move(device_id), dead = std::move(dead),
                          feedback = std::move(feedback)](write_round& round) { return bury_now(device_id, dead, feedback, round); });
}

void rocksdb_command_queue::drop(std::string device_id, reply_to<void> reply) {
    writes_.submit<void>(0, std::move(reply),
                         [this, device_id = std::move(device_id)](write_round& round) { return drop_now(device_id, round); });
}

void rocksdb_command_queue::expiring(wall_time time, std::size_t limit, reply_to<std::vector<expiring_command>> reply) {
    reads_.read<std::vector<expiring_command>>(std::move(reply),
                                               [data = data_.get(), time, limit] { return first_to_expire(*data, time, limit); });
}

// ---- decisions, by the committer's thread: first all that may fail, then the changes

outcome<void> rocksdb_command_queue::put_now(const std::string& device_id, const command& value, write_round& round) {
    const outcome<std::uint64_t> next = next_sequence(round.data, device_id);
    if (!next)
        return std::unexpected(next.error());
    expiry_list replaced;
    if (value.sequence < *next) {
        const auto before = expiry_of(round.data, device_id, value.sequence);
        if (!before)
            return std::unexpected(before.error());
        if (*before)
            replaced.emplace(value.sequence, **before);
    }
    erase(device_id, replaced);
    commands_.put(keys::command(device_id, value.sequence), values::encode(value));
    expiry_.put(keys::expiry(value.expires, device_id, value.sequence), {});
    known_queue& known = change(device_id);
    known.expiry[value.sequence] = value.expires;
    if (value.sequence >= *next) {
        commands_.put(keys::device_head(device_id), values::encode_next(value.sequence + 1));
        known.next_sequence = value.sequence + 1;
    }
    return {};
}

outcome<void> rocksdb_command_queue::remove_now(const std::string& device_id, const std::vector<std::uint64_t>& sequences,
                                                const std::vector<feedback_record>& feedback, write_round& round) {
    expiry_list gone;
    for (const std::uint64_t sequence : sequences) {
        const auto expires = expiry_of(round.data, device_id, sequence);
        if (!expires)
            return std::unexpected(expires.error());
        if (*expires)
            gone.emplace(sequence, **expires);
    }
    erase(device_id, gone);
    feedback_.append(feedback);
    return {};
}

outcome<void> rocksdb_command_queue::bury_now(const std::string& device_id, const std::vector<command>& dead,
                                              const std::vector<feedback_record>& feedback, write_round& round) {
    std::vector<std::uint64_t> sequences;
    for (const command& each : dead) { // before they are removed: what fails in between loses nothing
        if (const outcome<void> kept = put_now(dead_letters_of(device_id), each, round); !kept)
            return kept;
        sequences.push_back(each.sequence);
    }
    return remove_now(device_id, sequences, feedback, round);
}

outcome<void> rocksdb_command_queue::drop_now(const std::string& device_id, write_round& round) {
    const outcome<void> dropped = drop_all(device_id, round);
    return dropped ? drop_all(dead_letters_of(device_id), round) : dropped;
}

outcome<void> rocksdb_command_queue::drop_all(const std::string& name, write_round& round) {
    const outcome<expiry_list> all = expiry_of_all(round.data, name);
    if (!all)
        return std::unexpected(all.error());
    erase(name, *all);
    commands_.remove(keys::device_head(name));
    change(name).next_sequence = 1;
    return {};
}

void rocksdb_command_queue::erase(const std::string& device_id, const expiry_list& gone) {
    if (gone.empty())
        return;
    known_queue& known = change(device_id);
    for (const auto& [sequence, expires] : gone) {
        commands_.remove(keys::command(device_id, sequence));
        expiry_.remove(keys::expiry(expires, device_id, sequence));
        known.expiry[sequence] = std::nullopt;
    }
}

/// Of what earlier rounds have removed nothing need be known: it is not in the database either.
rocksdb_command_queue::known_queue& rocksdb_command_queue::change(const std::string& device_id) {
    known_queue& known = known_.at(device_id);
    if (std::exchange(known.changed_in, round_) == round_)
        return known;
    for (auto at = known.expiry.begin(); at != known.expiry.end();)
        at = at->second ? std::next(at) : known.expiry.erase(at);
    return known;
}

outcome<std::uint64_t> rocksdb_command_queue::next_sequence(database& data, const std::string& device_id) {
    known_queue& known = known_.at(device_id);
    if (known.next_sequence)
        return *known.next_sequence;
    const auto stored = data.get(data.commands(), keys::device_head(device_id));
    if (!stored)
        return std::unexpected(stored.error());
    const auto next = *stored ? values::decode_next(as_bytes(**stored)) : std::uint64_t{1};
    if (!next)
        return std::unexpected(damaged_head(device_id, (**stored).size()));
    known.next_sequence = *next;
    return *next;
}

outcome<std::optional<wall_time>> rocksdb_command_queue::expiry_of(database& data, const std::string& device_id, std::uint64_t sequence) {
    if (const auto* known = known_.find(device_id))
        if (const auto one = known->expiry.find(sequence); one != known->expiry.end())
            return one->second;
    const auto stored = data.get(data.commands(), keys::command(device_id, sequence));
    if (!stored)
        return std::unexpected(stored.error());
    if (!*stored)
        return std::nullopt;
    const auto found = values::decode_command(sequence, as_bytes(**stored));
    if (!found)
        return std::unexpected(damaged_command(device_id, sequence, (**stored).size()));
    return found->expires;
}

outcome<rocksdb_command_queue::expiry_list> rocksdb_command_queue::expiry_of_all(database& data, const std::string& device_id) {
    const outcome<command_list> stored = read_device(data, device_id, nullptr);
    if (!stored)
        return std::unexpected(stored.error());
    expiry_list all;
    for (const command& value : stored->commands)
        all.emplace(value.sequence, value.expires);
    if (const auto* known = known_.find(device_id))
        for (const auto& [sequence, expires] : known->expiry) {
            all.erase(sequence);
            if (expires)
                all.emplace(sequence, *expires);
        }
    return all;
}

} // namespace capstan::store
