// Frames as RFC 6455 writes them: section 5.7 has the examples that are called "of the standard" here.
#include "net/websocket_frames.hpp"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace capstan::net {
namespace {

using fault = websocket_fault;

bytes hex(std::string_view text) {
    bytes made;
    for (std::size_t at = 0; at < text.size();) {
        if (text[at] == ' ') {
            ++at;
            continue;
        }
        made.push_back(static_cast<std::uint8_t>(std::stoi(std::string(text.substr(at, 2)), nullptr, 16)));
        at += 2;
    }
    return made;
}

constexpr std::string_view hello = "82 85 37fa213d 7f9f4d5158"; // of the standard, but binary

bytes decode(websocket_decoder& decoder, bytes input) {
    input.resize(decoder.decode(input));
    return input;
}

/// A frame with a mask of zeros, so that the payload stands there as it is.
bytes plain(std::string_view start, std::size_t size) {
    auto made = hex(start);
    made.insert(made.end(), 4, 0);
    made.insert(made.end(), size, 'x');
    return made;
}

TEST(websocket_decoder, what_may_come) {
    struct row {
        std::string_view name, input, data;
    };
    for (const auto& [name, input, data] : std::initializer_list<row>{
             {"a message of the standard", "82 85 37fa213d 7f9f4d5158", "48656c6c6f"},
             {"two in a row", "82 85 37fa213d 7f9f4d5158 82 81 37fa213d 7f", "48656c6c6f 48"},
             {"an empty one", "82 80 37fa213d", ""},
             {"in two fragments", "02 83 37fa213d 7f9f4d 80 82 37fa213d 5b95", "48656c 6c6f"},
             {"with a ping in between", "02 83 37fa213d 7f9f4d 89 80 37fa213d 80 82 37fa213d 5b95", "48656c 6c6f"},
             {"in fragments of which some are empty", "02 80 37fa213d 00 81 37fa213d 7f 80 80 37fa213d", "48"},
             {"a pong that nobody asked for", "8a 85 37fa213d 7f9f4d5158 82 81 37fa213d 7f", "48"},
         }) {
        websocket_decoder whole, in_bytes;
        EXPECT_EQ(decode(whole, hex(input)), hex(data)) << name;
        bytes got;
        for (const auto byte : hex(input))
            append(got, decode(in_bytes, {byte}));
        EXPECT_EQ(got, hex(data)) << name << ", byte by byte";
        for (const auto* each : {&whole, &in_bytes}) {
            EXPECT_EQ(each->fault(), fault::none) << name;
            EXPECT_FALSE(each->closed()) << name;
        }
    }
}

TEST(websocket_decoder, what_may_not_come) {
    struct row {
        std::string_view name, input;
        websocket_fault fault;
    };
    for (const auto& [name, input, wanted] : std::initializer_list<row>{
             {"text of the standard", "81 85 37fa213d 7f9f4d5158", fault::text_message},
             {"not masked", "82 05 48656c6c6f", fault::not_masked},
             {"compressed", "c2 85 37fa213d 7f9f4d5158", fault::reserved_bits},
             {"reserved bit 2", "a2 85 37fa213d 7f9f4d5158", fault::reserved_bits},
             {"reserved bit 3", "92 85 37fa213d 7f9f4d5158", fault::reserved_bits},
             {"opcode 3", "83 80 37fa213d", fault::unknown_opcode},
             {"opcode 11", "8b 80 37fa213d", fault::unknown_opcode},
             {"a continuation of nothing", "80 80 37fa213d", fault::bad_continuation},
             {"a message within a message", "02 80 37fa213d 82 80 37fa213d", fault::bad_continuation},
             {"a fragment of a ping", "09 80 37fa213d", fault::bad_control_frame},
             {"a ping of 126 bytes", "89 fe 007e 37fa213d", fault::bad_control_frame},
             {"a short length in the long form", "82 fe 007d 37fa213d", fault::bad_length},
             {"a middle length in the longest form", "82 ff 000000000000ffff 37fa213d", fault::bad_length},
             {"a length beyond 63 bits", "82 ff 8000000000000000 37fa213d", fault::bad_length},
             {"a close with half a code", "88 81 00000000 03", fault::bad_close},
             {"a close with a code that is not for the wire", "88 82 00000000 03ed", fault::bad_close},
             {"a close with a code that is none", "88 82 00000000 0001", fault::bad_close},
         }) {
        websocket_decoder decoder;
        const auto input_and_more = hex(std::string(hello) + std::string(input) + std::string(hello));
        EXPECT_EQ(as_text(decode(decoder, input_and_more)), "Hello") << name << ": what was right before it counts";
        EXPECT_EQ(decoder.fault(), wanted) << name;
        EXPECT_NE(make_error_code(decoder.fault()).message(), "unknown") << name;
        EXPECT_EQ(decode(decoder, hex(hello)), bytes()) << name;
    }
}

TEST(websocket_decoder, lengths_in_all_three_forms) {
    struct row {
        std::string_view start;
        std::size_t size;
    };
    for (const auto& [start, size] :
         std::initializer_list<row>{{"82 fd", 125}, {"82 fe 007e", 126}, {"82 fe ffff", 65535}, {"82 ff 0000000000010000", 65536}}) {
        websocket_decoder decoder;
        auto input = plain(start, size);
        append(input, hex(hello));
        EXPECT_EQ(decode(decoder, input), [&] {
            bytes wanted(size, 'x');
            append(wanted, as_bytes("Hello"));
            return wanted;
        }()) << size;
    }
}

/// Headers that are valid more often than not, and whatever follows them.
bytes anything(std::mt19937& random) {
    constexpr std::array<std::uint8_t, 8> starts{0x82, 0x02, 0x80, 0x00, 0x89, 0x8A, 0x88, 0xFF};
    constexpr std::array<std::uint8_t, 6> lengths{0x80, 0x83, 0xFD, 0xFE, 0xFF, 0x05};
    bytes made;
    while (random() % 12 != 0) {
        made.push_back(starts[random() % starts.size()]);
        made.push_back(lengths[random() % lengths.size()]);
        for (auto more = random() % 10; more > 0; --more)
            made.push_back(static_cast<std::uint8_t>(random() % 3 == 0 ? random() : 0));
    }
    return made;
}

TEST(websocket_decoder, whatever_comes_means_the_same_however_it_is_cut) {
    for (unsigned seed = 0; seed < 20'000; ++seed) {
        std::mt19937 random(seed);
        const auto input = anything(random);
        websocket_decoder whole, in_pieces;
        const auto wanted = decode(whole, input);
        bytes got;
        for (std::size_t at = 0; at < input.size();) {
            const auto count = std::min<std::size_t>(1 + random() % 5, input.size() - at);
            const auto piece = bytes_view(input).subspan(at, count);
            append(got, decode(in_pieces, bytes(piece.begin(), piece.end())));
            at += count;
        }
        ASSERT_EQ(got, wanted) << seed;
        ASSERT_EQ(in_pieces.fault(), whole.fault()) << seed;
        ASSERT_EQ(in_pieces.close_code(), whole.close_code()) << seed;
        ASSERT_EQ(in_pieces.take_ping(), whole.take_ping()) << seed;
    }
}

TEST(websocket_decoder, a_message_may_be_longer_than_anything) {
    websocket_decoder decoder;
    EXPECT_EQ(decode(decoder, plain("82 ff 7fffffffffffffff", 3)).size(), 3u);
    for (int more = 0; more < 10; ++more)
        EXPECT_EQ(decode(decoder, bytes(65536, 'x')).size(), 65536u);
    EXPECT_EQ(decoder.fault(), fault::none);
}

TEST(websocket_decoder, a_ping_is_to_be_answered_once_with_what_it_said) {
    websocket_decoder decoder;
    EXPECT_EQ(decoder.take_ping(), std::nullopt);
    decode(decoder, hex("89 85 37fa213d 7f9f4d51"));
    EXPECT_EQ(decoder.take_ping(), std::nullopt) << "it is not whole";
    decode(decoder, hex("58"));
    EXPECT_EQ(decoder.take_ping(), hex("48656c6c6f"));
    EXPECT_EQ(decoder.take_ping(), std::nullopt);
    decode(decoder, hex("89 81 00000000 01 89 81 00000000 02 89 80 00000000"));
    EXPECT_EQ(decoder.take_ping(), bytes()) << "the last of several";
}

TEST(websocket_decoder, a_close_ends_it) {
    struct row {
        std::string_view input;
        int code;
    };
    for (const auto& [input, code] : std::initializer_list<row>{
             {"88 80 00000000", 0}, {"88 82 00000000 03e8", 1000}, {"88 85 00000000 0bb8 627965", 3000}, {"88 82 00000000 1387", 4999}}) {
        websocket_decoder decoder;
        EXPECT_EQ(as_text(decode(decoder, hex(std::string(hello) + std::string(input) + std::string(hello)))), "Hello");
        EXPECT_TRUE(decoder.closed());
        EXPECT_EQ(static_cast<int>(decoder.close_code()), code);
        EXPECT_EQ(decoder.fault(), fault::none);
    }
}

TEST(websocket_frames, are_written_as_in_the_standard) {
    const auto frame = [](websocket_opcode opcode, bytes_view payload) {
        bytes made;
        append_frame(made, opcode, payload);
        return made;
    };
    EXPECT_EQ(frame(websocket_opcode::pong, as_bytes("Hello")), hex("8a 05 48656c6c6f"));
    EXPECT_EQ(frame(websocket_opcode::binary, {}), hex("82 00"));
    const auto middle = frame(websocket_opcode::binary, bytes(256));
    EXPECT_EQ(bytes(middle.begin(), middle.begin() + 4), hex("82 7e 0100"));
    EXPECT_EQ(middle.size(), 256 + longest_frame_header);
    EXPECT_EQ(frame(websocket_opcode::binary, bytes(125)).size(), 127u);
    bytes close;
    append_close(close, websocket_close::normal);
    append_close(close, websocket_close::none);
    EXPECT_EQ(close, hex("88 02 03e8 88 00"));
}

} // namespace
} // namespace capstan::net
