#pragma once
// The names that the notation of frames knows: types, descriptors, and of which types the number fields of a composite are.

#include <array>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace capstan::amqp::test {

struct number_type_row {
    std::string_view name;
    std::uint8_t code;
    std::size_t width;
};
constexpr std::array<number_type_row, 9> number_types{{{"ubyte", 0x50, 1},
                                                       {"ushort", 0x60, 2},
                                                       {"uint", 0x70, 4},
                                                       {"ulong", 0x80, 8},
                                                       {"byte", 0x51, 1},
                                                       {"short", 0x61, 2},
                                                       {"int", 0x71, 4},
                                                       {"long", 0x81, 8},
                                                       {"timestamp", 0x83, 8}}};

/// A letter a field: B ubyte, H ushort, I uint, L ulong, a point where no number goes.
struct composite_row {
    std::string_view name;
    std::uint8_t descriptor;
    std::string_view types;
};
constexpr std::array<composite_row, 22> composites{
    {{"open", 0x10, "..IHI"},       {"begin", 0x11, "HIIII"},     {"attach", 0x12, ".I.BB....IL"}, {"flow", 0x13, "IIIIIIII"},
     {"transfer", 0x14, "II.I..B"}, {"disposition", 0x15, ".II"}, {"detach", 0x16, "I"},           {"end", 0x17, ""},
     {"close", 0x18, ""},           {"error", 0x1d, ""},          {"received", 0x23, "IL"},        {"accepted", 0x24, ""},
     {"rejected", 0x25, ""},        {"released", 0x26, ""},       {"modified", 0x27, ""},          {"source", 0x28, ".I.I"},
     {"target", 0x29, ".I.I"},      {"coordinator", 0x30, ""},    {"mechanisms", 0x40, ""},        {"init", 0x41, ""},
     {"response", 0x43, ""},        {"outcome", 0x44, "B"}}};

inline const number_type_row& number_type(std::string_view name) {
    for (const auto& row : number_types)
        if (row.name == name)
            return row;
    throw std::invalid_argument("notation: no number type " + std::string(name));
}

inline std::string type_of_letter(char letter) {
    switch (letter) {
    case 'B': return "ubyte";
    case 'H': return "ushort";
    case 'L': return "ulong";
    default: return "uint";
    }
}

inline std::uint8_t descriptor_of(std::string_view name) {
    for (const auto& row : composites)
        if (row.name == name)
            return row.descriptor;
    if (name.starts_with("0x"))
        return static_cast<std::uint8_t>(std::stoul(std::string(name), nullptr, 16));
    throw std::invalid_argument("notation: no composite " + std::string(name));
}

inline std::string name_of_descriptor(std::uint64_t code) {
    for (const auto& row : composites)
        if (row.descriptor == code)
            return std::string(row.name);
    return "descriptor-" + std::to_string(code);
}

/// Also by the symbolic name, amqp:open:list or amqp:sasl-init:list.
inline std::string_view field_types(std::string_view composite) {
    for (const auto& row : composites)
        if (row.name == composite || composite == "amqp:" + std::string(row.name) + ":list")
            return row.types;
    return "";
}

inline bool is_sasl(std::string_view name) {
    return name == "mechanisms" || name == "init" || name == "response" || name == "outcome" || name.starts_with("'amqp:sasl");
}

} // namespace capstan::amqp::test
