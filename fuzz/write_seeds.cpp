// Writes the rows of the tests as files, one folder per fuzzer: the inputs that fuzzing starts from.
#include <filesystem>
#include <fstream>
#include <iostream>

#include <capstan/amqp/performatives.hpp>
#include <capstan/amqp/terminus.hpp>

#include "unit/amqp/codec/rows.hpp"
#include "unit/amqp/message_rows.hpp"

using namespace capstan::amqp;

namespace {

class seed_folder {
public:
    explicit seed_folder(std::filesystem::path folder) : folder_(std::move(folder)) { std::filesystem::create_directories(folder_); }

    void add(std::string_view hex) { add(test::from_hex(hex)); }
    void add(const bytes& content) {
        std::ofstream file(folder_ / std::to_string(++count_), std::ios::binary);
        file.exceptions(std::ios::failbit | std::ios::badbit);
        file.write(as_text(content).data(), static_cast<std::streamsize>(content.size()));
    }

private:
    std::filesystem::path folder_;
    int count_ = 0;
};

void write_values(seed_folder seeds) {
    for (const auto& row : test::value_rows()) {
        seeds.add(row.hex);
    }
    for (const auto& row : test::bad_rows()) {
        seeds.add(row.hex);
    }
}

void write_messages(seed_folder seeds) {
    for (const auto& row : test::message_rows()) {
        seeds.add(row.hex);
    }
    for (const auto& row : test::bad_message_rows()) {
        seeds.add(row.hex);
    }
}

/// What a peer writes, one frame after the other.
class conversation {
public:
    explicit conversation(std::uint8_t first) : written_{first, 'A', 'M', 'Q', 'P', 0, 1, 0, 0} {}

    template<class Performative> conversation& says(const Performative& what, std::string_view payload = {}) {
        const auto start = written_.size();
        written_.insert(written_.end(), {0, 0, 0, 0, 2, 0, 0, 0});
        encoder to(written_);
        write(to, what);
        written_.insert(written_.end(), payload.begin(), payload.end());
        const auto size = written_.size() - start;
        written_[start + 2] = static_cast<std::uint8_t>(size >> 8);
        written_[start + 3] = static_cast<std::uint8_t>(size);
        return *this;
    }
    const bytes& written() const { return written_; }

private:
    bytes written_;
};

conversation begun(std::uint8_t first, std::uint32_t max_frame_size) {
    capstan::amqp::open opening;
    opening.container_id = "peer";
    opening.max_frame_size = max_frame_size;
    begin beginning;
    beginning.next_outgoing_id = 1;
    beginning.incoming_window = beginning.outgoing_window = 4;
    conversation peer(first);
    peer.says(opening).says(beginning);
    return peer;
}

/// Two links of each direction, transfers in one and several frames, credit, dispositions, endings.
void write_connections(seed_folder seeds) {
    const auto target = encode_target("there");
    for (const std::uint8_t first : {std::uint8_t{0}, std::uint8_t{2}, std::uint8_t{3}, std::uint8_t{255}}) {
        auto peer = begun(first, first == 2 ? 512 : 65'536);
        for (std::uint32_t handle = 0; handle < 4; ++handle) {
            attach attaching;
            attaching.link_name = std::string_view("abcd").substr(handle, 1);
            attaching.handle = handle;
            attaching.receiver = handle % 2 == 1;
            attaching.rcv_settle_mode = handle / 2;
            attaching.target = {target};
            peer.says(attaching);
        }
        transfer whole, half;
        whole.delivery_id = half.delivery_id = 0;
        whole.delivery_tag = half.delivery_tag = as_bytes("t");
        half.handle = 2;
        half.more = true;
        transfer end_of_half;
        end_of_half.handle = 2;
        flow credit;
        credit.next_incoming_id = 1;
        credit.incoming_window = credit.outgoing_window = 4;
        credit.handle = 1;
        credit.delivery_count = 0;
        credit.link_credit = 5;
        disposition judged;
        judged.receiver = judged.settled = true;
        judged.last = 5;
        peer.says(whole, "message").says(half, "one ").says(end_of_half, "two").says(credit).says(judged);
        seeds.add(peer.written());
        seeds.add(peer.says(detach{}).says(end{}).says(capstan::amqp::close{}).written());
    }
}

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_seeds <folder>\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    write_values(seed_folder(folder / "decoder"));
    write_messages(seed_folder(folder / "message"));
    write_connections(seed_folder(folder / "connection"));
}
