#include "store/rocksdb/database_slot.hpp"

#include <thread>
#include <utility>

#include <rocksdb/env.h>

#include "store/reply.hpp"

namespace capstan::store {
namespace {

// As much as a round of the committer may write at once: with less, the next trouble is near.
constexpr std::size_t space_wanted = 8 * 1024 * 1024;

} // namespace

outcome<void> database_slot::reopen() {
    if (!has_space()) // to open it in vain takes much longer than to ask
        return fail(errc::full, "there is still no space");
    if (get()->writable()) {
        outcome<std::shared_ptr<database>> reading = database::open(where_, database::purpose::read);
        if (!reading)
            return std::unexpected(reading.error());
        std::shared_ptr<database> old = exchange(*std::move(reading));
        while (old.use_count() > 1) // for as long as the reads take that are on their way
            std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    outcome<std::shared_ptr<database>> writing = database::open(where_, database::purpose::write);
    if (!writing)
        return std::unexpected(writing.error());
    exchange(*std::move(writing));
    return {};
}

std::shared_ptr<database> database_slot::exchange(std::shared_ptr<database> by) {
    const std::lock_guard lock(mutex_);
    return std::exchange(current_, std::move(by));
}

bool database_slot::has_space() const {
    const std::string file = where_.folder / "probe";
    const bool written = rocksdb::WriteStringToFile(where_.env, std::string(space_wanted, '\0'), file, true).ok();
    where_.env->DeleteFile(file).PermitUncheckedError();
    return written;
}

} // namespace capstan::store
