// Writes the rows of the tests as files, one folder per fuzzer: the inputs that fuzzing starts from.
#include <filesystem>
#include <fstream>
#include <iostream>

#include "unit/amqp/codec/rows.hpp"
#include "unit/amqp/message_rows.hpp"

using namespace capstan::amqp;

namespace {

class seed_folder {
public:
    explicit seed_folder(std::filesystem::path folder) : folder_(std::move(folder)) { std::filesystem::create_directories(folder_); }

    void add(std::string_view hex) {
        const bytes content = test::from_hex(hex);
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

} // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: write_seeds <folder>\n";
        return 2;
    }
    const std::filesystem::path folder = argv[1];
    write_values(seed_folder(folder / "decoder"));
    write_messages(seed_folder(folder / "message"));
}
