#include "unit/amqp/codec/rows.hpp"

#include <charconv>
#include <limits>
#include <stdexcept>

namespace capstan::amqp::test {
namespace {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;

const uuid some_uuid{{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}};

value list_of(std::vector<value> elements) { return list{std::move(elements)}; }
value map_of(std::vector<std::pair<value, value>> entries) { return map{std::move(entries)}; }
value array_of(std::vector<value> elements) { return array{std::move(elements)}; }

/// A list of a list of ... of true.
std::string nested_lists(int depth) {
    bytes inner{0x41};
    for (; depth > 0; --depth) {
        bytes around{0xd0, 0, 0, 0, static_cast<u8>(inner.size() + 4), 0, 0, 0, 1};
        around[3] = static_cast<u8>((inner.size() + 4) >> 8);
        inner.insert(inner.begin(), around.begin(), around.end());
    }
    return hex(inner);
}

std::string nested_described(int depth) {
    std::string text = "41";
    for (; depth > 0; --depth) {
        text = "0043" + text;
    }
    return text;
}

unsigned number(std::string_view text, int base) {
    unsigned result = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), result, base);
    if (error != std::errc() || end != text.data() + text.size()) {
        throw std::invalid_argument("not a number in a row: " + std::string(text));
    }
    return result;
}

} // namespace

bytes from_hex(std::string_view text) {
    bytes result;
    while (!text.empty()) {
        if (text[0] == ' ') {
            text.remove_prefix(1);
            continue;
        }
        const auto octet = static_cast<u8>(number(text.substr(0, 2), 16));
        text.remove_prefix(2);
        unsigned times = 1;
        if (text.starts_with('*')) {
            const std::string_view digits = text.substr(1, text.find(' ') - 1);
            times = number(digits, 10);
            text.remove_prefix(1 + digits.size());
        }
        result.insert(result.end(), times, octet);
    }
    return result;
}

std::vector<value_row> value_rows() {
    return {
        // Written by Qpid Proton 0.37 (Data.encode of its Python binding).
        {"null", "40", value()},
        {"true", "41", true},
        {"false", "42", false},
        {"ubyte 0", "5000", u8{0}},
        {"ubyte 255", "50ff", u8{255}},
        {"ushort 0", "600000", u16{0}},
        {"ushort 65535", "60ffff", u16{65535}},
        {"uint 0", "43", u32{0}},
        {"uint 1", "5201", u32{1}},
        {"uint 255", "52ff", u32{255}},
        {"uint 256", "7000000100", u32{256}},
        {"uint 4294967295", "70ffffffff", u32{4294967295}},
        {"ulong 0", "44", u64{0u}},
        {"ulong 1", "5301", u64{1u}},
        {"ulong 255", "53ff", u64{255u}},
        {"ulong 256", "800000000000000100", u64{256u}},
        {"ulong 18446744073709551615", "80ffffffffffffffff", u64{18446744073709551615u}},
        {"byte -128", "5180", i8{-128}},
        {"byte 127", "517f", i8{127}},
        {"short -32768", "618000", i16{-32768}},
        {"short 32767", "617fff", i16{32767}},
        {"int 0", "5400", i32{0}},
        {"int -1", "54ff", i32{-1}},
        {"int -128", "5480", i32{-128}},
        {"int 127", "547f", i32{127}},
        {"int -129", "71ffffff7f", i32{-129}},
        {"int 128", "7100000080", i32{128}},
        {"int 2147483647", "717fffffff", i32{2147483647}},
        {"int min", "7180000000", std::numeric_limits<i32>::min()},
        {"long 0", "5500", i64{0}},
        {"long -1", "55ff", i64{-1}},
        {"long -128", "5580", i64{-128}},
        {"long 127", "557f", i64{127}},
        {"long -129", "81ffffffffffffff7f", i64{-129}},
        {"long 128", "810000000000000080", i64{128}},
        {"long 9223372036854775807", "817fffffffffffffff", i64{9223372036854775807}},
        {"long min", "818000000000000000", std::numeric_limits<i64>::min()},
        {"float 1.5", "723fc00000", 1.5f},
        {"double -2.25", "82c002000000000000", -2.25},
        {"decimal32", "7412345678", decimal<4>{{0x12, 0x34, 0x56, 0x78}}},
        {"decimal64", "840123456789abcdef", decimal<8>{{0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef}}},
        {"decimal128", "94000102030405060708090a0b0c0d0e0f", decimal<16>{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}}},
        {"char e acute", "73000000e9", character{0xe9}},
        {"char beyond 16 bits", "730001f600", character{0x1f600}},
        {"timestamp", "830000018bcfe56800", timestamp{1700000000000}},
        {"timestamp before 1970", "83ffffffffffffffff", timestamp{-1}},
        {"uuid", "980123456789abcdef0123456789abcdef", some_uuid},
        {"binary empty", "a000", bytes{}},
        {"binary", "a00300ff80", bytes{0, 0xff, 0x80}},
        {"binary 255", "a0ff 07*255", bytes(255, 7)},
        {"binary 256", "b000000100 07*256", bytes(256, 7)},
        {"string empty", "a100", std::string()},
        {"string", "a10f68c3a96c6c6f20e282ac20f09f9880", "h\u00e9llo \u20ac \U0001f600"},
        {"string 255", "a1ff 61*255", std::string(255, 'a')},
        {"string 256", "b100000100 61*256", std::string(256, 'a')},
        {"symbol", "a312616d71703a61636365707465643a6c697374", symbol{"amqp:accepted:list"}},
        {"symbol 256", "b300000100 73*256", symbol{std::string(256, 's')}},
        {"list empty", "45", list_of({})},
        {"list", "d00000000d000000045401a10374776f4041", list_of({i32{1}, "two", value(), true})},
        {"list nested", "d00000001800000002d0000000050000000145d0000000050000000143", list_of({list_of({list_of({})}), list_of({u32{0}})})},
        {"list of 256", "d00000010400000100 41*256", list_of(std::vector<value>(256, true))},
        {"list of 255 bytes and more", "d00000013600000003a164 78*100 a164 78*100 a164 78*100",
         list_of(std::vector<value>(3, std::string(100, 'x')))},
        {"map empty", "d10000000400000000", map_of({})},
        {"map", "d10000000d00000004a3016155ffa1016140", map_of({{symbol{"a"}, i64{-1}}, {"a", value()}})},
        {"map of maps", "d100000011000000025207d100000006000000024142", map_of({{u32{7}, map_of({{true, false}})}})},
        {"array of symbols", "f00000001b00000002b300000005504c41494e00000009414e4f4e594d4f5553",
         array_of({symbol{"PLAIN"}, symbol{"ANONYMOUS"}})},
        {"array empty", "f00000000500000000b3", array_of({})},
        {"array of int", "f00000000d000000027100000001fffffffe", array_of({i32{1}, i32{-2}})},
        {"array of uint", "f00000000d0000000270000000000000012c", array_of({u32{0}, u32{300}})},
        {"array of bool", "f00000000700000002560100", array_of({true, false})},
        {"array of null", "f0000000050000000240", array_of({value(), value()})},
        {"array of binary", "f00000000e00000002b0000000010100000000", array_of({bytes{1}, bytes{}})},
        {"array of uuid", "f00000002500000002980123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         array_of({some_uuid, some_uuid})},
        {"array of lists", "f00000001a00000002d0000000060000000154010000000700000001a10178", array_of({list_of({i32{1}}), list_of({"x"})})},
        {"array of maps", "f00000001100000001d10000000800000002a1016b41", array_of({map_of({{"k", true}})})},
        {"array of arrays", "f00000002000000002f0000000090000000171000000010000000a00000001b30000000173",
         array_of({array_of({i32{1}}), array_of({symbol{"s"}})})},
        {"array of described", "f0000000110000000200a30164710000000100000002",
         array_of({described(symbol{"d"}, i32{1}), described(symbol{"d"}, i32{2})})},
        {"described by number", "00532445", described(u64{0x24}, list_of({}))},
        {"described by name", "00a313636f6d2e6d6963726f736f66743a65706f63685505", described(symbol{"com.microsoft:epoch"}, i64{5})},
        {"described twice", "00a3016100a3016241", described(symbol{"a"}, described(symbol{"b"}, true))},
        // Written by rhea 3.0.5 (types.Writer, with the encodings chosen by hand).
        {"boolean, one byte, true", "5601", true},
        {"boolean, one byte, false", "5600", false},
        {"uint 0, four bytes", "7000000000", u32{0}},
        {"uint 0, one byte", "5200", u32{0}},
        {"ulong 1, eight bytes", "800000000000000001", u64{1}},
        {"ulong 0, one byte", "5300", u64{0}},
        {"int -5, four bytes", "71fffffffb", i32{-5}},
        {"long -5, eight bytes", "81fffffffffffffffb", i64{-5}},
        {"binary, long form", "b0000000020102", bytes{1, 2}},
        {"string, long form", "b1000000026162", "ab"},
        {"symbol, long form", "b3000000026162", symbol{"ab"}},
        {"list, short form", "c006025201a10162", list_of({u32{1}, "b"})},
        {"list without elements, short form", "c00100", list_of({})},
        {"list without elements, long form", "d00000000400000000", list_of({})},
        {"map, short form", "c10502a1016b43", map_of({{"k", u32{0}}})},
        {"map, long form", "d10000000800000002a1016b43", map_of({{"k", u32{0}}})},
        {"array, short form", "e00702a30161026263", array_of({symbol{"a"}, symbol{"bc"}})},
        {"array, long form", "f00000000a00000002a30161026263", array_of({symbol{"a"}, symbol{"bc"}})},
        {"array of short uints", "e004025201ff", array_of({u32{1}, u32{255}})},
        {"array of short ulongs", "e003015301", array_of({u64{1}})},
        {"array of shorts", "e0060261ffff0002", array_of({i16{-1}, i16{2}})},
        {"array of doubles", "e00a01823fe0000000000000", array_of({0.5})},
        {"array of timestamps", "e00a01830000000000000001", array_of({timestamp{1}})},
        {"described by a number", "005375a00101", described(u64{0x75}, bytes{1})},
        // By hand, from part 1 of the standard: nobody at hand writes these, everybody may.
        {"char zero", "7300000000", character{0}},
        {"char last", "730010ffff", character{0x10ffff}},
        {"char before the surrogates", "730000d7ff", character{0xd7ff}},
        {"char behind the surrogates", "730000e000", character{0xe000}},
        {"string, ends of each length", "a114 00 7f c280 dfbf e0a080 efbfbf f0908080 f48fbfbf",
         std::string("\0\x7f\u0080\u07ff\u0800\uffff\U00010000\U0010ffff", 20)},
        {"list of one byte elements, long form", "d0 00000006 00000002 4343", list_of({u32{0}, u32{0}})},
        {"list without elements, in a list", "c0 02 01 45", list_of({list_of({})})},
        {"map in short form, empty", "c1 01 00", map_of({})},
        {"array of true", "e0 02 03 41", array_of({true, true, true})},
        {"array of zeros", "e0 02 02 43", array_of({u32{0}, u32{0}})},
        {"array of empty lists", "e0 02 02 45", array_of({list_of({}), list_of({})})},
        {"array of booleans in short form", "e0 04 02 56 00 01", array_of({false, true})},
        {"array of chars", "e0 0a 02 73 00000041 00000042", array_of({character{'A'}, character{'B'}})},
        {"array of lists in short form", "e0 08 02 c0 02 01 41 02 01 42", array_of({list_of({true}), list_of({false})})},
        {"array of maps in short form", "e0 06 01 c1 03 02 41 42", array_of({map_of({{true, false}})})},
        {"array of arrays in short form", "e0 09 02 e0 02 01 41 03 01 50 07", array_of({array_of({true}), array_of({u8{7}})})},
        {"array of twice described", "e0 08 02 00 43 00 44 50 01 02",
         array_of({described(u32{0}, described(u64{0}, u8{1})), described(u32{0}, described(u64{0}, u8{2}))})},
        {"array described by a list", "e0 08 01 00 c0 02 01 41 50 07", array_of({described(list_of({true}), u8{7})})},
        {"descriptor that is described", "00 00 43 44 41", described(described(u32{0}, u64{0}), true)},
        {"described by a list", "00 c0 02 01 41 40", described(list_of({true}), value())},
        {"ulong descriptor in its long form", "00 80 0000000000000024 45", described(u64{0x24}, list_of({}))},
    };
}

std::vector<bad_row> bad_rows() {
    return {
        {"nothing", ""},
        {"unknown constructor", "46"},
        {"unknown constructor of one byte", "5700"},
        {"unknown constructor of variable width", "a200"},
        {"unknown constructor of a compound", "c2020041"},
        {"boolean that is neither", "5602"},
        {"boolean that is neither, in an array", "e003015602"},
        {"char surrogate", "730000d800"},
        {"char last surrogate", "730000dfff"},
        {"char too large", "7300110000"},
        {"char too large, in an array", "e006017300110000"},
        {"string with a lone continuation", "a10180"},
        {"string cut inside a sequence", "a102e282"},
        {"string in an overlong form of two", "a102c080"},
        {"string in an overlong form of three", "a103e08080"},
        {"string in an overlong form of four", "a104f0808080"},
        {"string with a surrogate", "a103eda080"},
        {"string beyond unicode", "a104f4908080"},
        {"string with fe", "a101fe"},
        {"string with a bad second byte", "a102c241"},
        {"string that goes bad behind a word", "a109 61*8 ff"},
        {"string that goes bad inside a word", "a110 61*9 ff 61*6"},
        {"symbol with a high byte", "a30180"},
        {"symbol with a high byte behind a word", "a309 61*8 c3"},
        {"size beyond the end", "a00201"},
        {"long size beyond the end", "b0ffffffff01"},
        {"list whose size has no room for the count", "c000"},
        {"list in long form whose size has no room for the count", "d00000000300000041"},
        {"list with a count beyond its bytes", "c0020241"},
        {"list in long form with a count beyond its bytes", "d000000005ffffffff41"},
        {"list with bytes behind its elements", "c003014141"},
        {"list with bytes and no elements", "c0020041"},
        {"list whose element reaches beyond it", "c002015041"},
        {"map with a key and no value", "c1020141"},
        {"map with three", "c10403414141"},
        {"map with bytes behind its entries", "c10402414141"},
        {"array with bytes behind its elements", "e004015001 02"},
        {"array with fewer bodies than it says", "e003025001"},
        {"array with a huge count", "f000000006ffffffff5001"},
        {"array of a million nulls", "f000000005 000f4240 40"},
        {"array of 65537 nulls", "f000000005 00010001 40"},
        {"array of nulls with bytes behind", "e0030240 40"},
        {"array with elements and no constructor", "e00101"},
        {"array without elements and constructor", "e00100"},
        {"array without elements and constructor, long form", "f00000000400000000"},
        {"array without elements and constructor, in a list", "c00401e00100"},
        {"array of arrays, one without constructor", "e00702e0020050 0100"},
        {"array of an unknown constructor", "e0030146 00"},
        {"array without elements, bytes behind", "e0030050 01"},
        {"array of described without a constructor", "e0030100 43"},
        {"array whose element is malformed", "e00502a10161 05"},
        {"array of lists with bytes behind the elements of one", "e00601c003014141"},
        {"described without anything", "00"},
        {"described without a value", "0043"},
        {"described with a malformed descriptor", "00a1018041"},
        {"described with a malformed value", "0043a10180"},
        {"33 lists deep", nested_lists(max_depth + 1)},
        {"33 described deep", nested_described(max_depth + 1)},
        {"a thousand zero bytes", "00*1000"},
    };
}

} // namespace capstan::amqp::test
