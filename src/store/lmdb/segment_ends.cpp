#include "store/lmdb/segment_ends.hpp"

#include <fmt/format.h>

#include "store/lmdb/records.hpp"
#include "store/reply.hpp"

namespace capstan::store::lmdb {

outcome<std::vector<partition_state>> ends_of(const std::shared_ptr<const segment>& of) {
    outcome<std::vector<partition_state>> states = of->states();
    for (partition_id partition = 0; states && partition < states->size(); ++partition) {
        auto at = segment_cursor::open(of, partition);
        const outcome<bool> found = at ? (*at)->last() : std::unexpected(at.error());
        if (!found)
            return std::unexpected(found.error());
        if (!*found)
            continue;
        const auto here = (*at)->record();
        const auto record = here ? records::decode((*at)->first(), *here) : std::nullopt;
        if (!record)
            return std::unexpected(failure{errc::corrupt, fmt::format("partition {}, the record of event {} does not decode: {} bytes",
                                                                      partition, (*at)->first(), (*at)->size())});
        (*states)[partition].next = record->first + record->count;
        (*states)[partition].last_enqueued = record->enqueued;
    }
    return states;
}

} // namespace capstan::store::lmdb
