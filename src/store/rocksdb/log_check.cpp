#include "store/rocksdb/log_check.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "store/checksum.hpp"

namespace capstan::store {
namespace {

// RocksDB's log: blocks of 32 KiB; in each, pieces of records, and zeros where no header fits any more.
//   piece = checksum:u32  size:u16  type:u8  size bytes        little-endian; the checksum is of type and bytes
// A record is one whole piece, or a first, some middle and a last one.
constexpr std::size_t block_size = 32 * 1024;
constexpr std::size_t header_size = 7;
constexpr std::uint8_t whole = 1, first = 2, last = 4;

std::uint32_t checksum(bytes_view of) {
    const std::uint32_t value = crc32c(0, of);
    return ((value >> 15) | (value << 17)) + 0xa282ead8; // "masked": a log may hold checksums, which should not look like its own
}

struct piece {
    std::uint8_t type;
    std::size_t size; ///< with the header
};

/// None when no whole piece begins here.
std::optional<piece> piece_at(bytes_view rest) {
    if (rest.size() < header_size)
        return std::nullopt;
    const std::size_t size = header_size + (rest[4] | (rest[5] << 8));
    const std::uint8_t type = rest[6];
    if (type < whole || type > last || size > rest.size())
        return std::nullopt;
    const std::uint32_t written = rest[0] | (rest[1] << 8) | (rest[2] << 16) | (static_cast<std::uint32_t>(rest[3]) << 24);
    if (written != checksum(rest.subspan(header_size - 1, size - header_size + 1)))
        return std::nullopt;
    return piece{type, size};
}

/// What RocksDB writes begins with a batch's header: its first sequence number, eight bytes, and how many there are, four.
std::optional<std::uint64_t> sequence_of(bytes_view piece) {
    if (piece.size() < header_size + 12)
        return std::nullopt;
    std::uint64_t sequence = 0;
    for (std::size_t at = 8; at-- > 0;)
        sequence = sequence << 8 | piece[header_size + at];
    return sequence;
}

/// Changes in the records between one that is whole and the next: far more than wait for one round.
constexpr std::uint64_t largest_step = 1 << 24;

/// Block after block. Where no piece begins, the first time, is the damage; behind it each place may be where one begins. There is
/// one writer, and it begins no record before the last one is synced: one that begins behind the damage says that the damaged one was.
/// What is inside the damaged one may look like a record, for clients write it: a real one has the next sequence number.
class log_scan {
public:
    explicit log_scan(const std::filesystem::path& file) : file_(file) {}

    std::optional<log_damage> run() {
        std::ifstream in(file_, std::ios::binary);
        std::array<char, block_size> block;
        while (torn_ && (in.read(block.data(), block.size()), in.gcount() > 0)) {
            const auto size = static_cast<std::size_t>(in.gcount());
            look_at(as_bytes({block.data(), size}));
            begin_ += size;
        }
        return damage_ ? std::optional(log_damage{file_, *damage_, torn_}) : std::nullopt;
    }

private:
    void look_at(bytes_view block) {
        for (std::size_t at = 0; at + header_size <= block.size() && torn_;) {
            const std::optional<piece> found = piece_at(block.subspan(at));
            if (!found && !damage_)
                damage_ = begin_ + at;
            if (found && (found->type == whole || found->type == first))
                take(sequence_of(block.subspan(at, found->size)));
            at += found ? found->size : 1;
        }
    }

    void take(std::optional<std::uint64_t> sequence) {
        if (!damage_)
            last_ = sequence;
        else if (sequence && (!last_ || (*sequence > *last_ && *sequence - *last_ < largest_step)))
            torn_ = false;
    }

    std::filesystem::path file_;
    std::uint64_t begin_ = 0; ///< of the block
    std::optional<std::uint64_t> last_; ///< before the damage
    std::optional<std::uint64_t> damage_;
    bool torn_ = true;
};

} // namespace

std::optional<log_damage> find_log_damage(const std::filesystem::path& database) {
    std::optional<log_damage> worst;
    std::error_code unreadable; // RocksDB will say so
    for (const auto& entry : std::filesystem::directory_iterator(database, unreadable)) {
        if (entry.path().extension() != ".log")
            continue;
        const std::optional<log_damage> found = log_scan(entry.path()).run();
        if (found && (!worst || (worst->torn && !found->torn)))
            worst = found;
    }
    return worst;
}

} // namespace capstan::store
