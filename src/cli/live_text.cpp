#include "cli/live_text.hpp"

#include <algorithm>
#include <cstdio>

#include <fmt/format.h>
#include <unistd.h>

namespace capstan::cli {

live_text::live_text() : terminal_(::isatty(STDERR_FILENO) == 1) {}
live_text::~live_text() { clear(); }

void live_text::clear() {
    if (lines_ > 0)
        fmt::print(stderr, "\x1b[{}F\x1b[J", lines_); // up to the first line, and away with all below
    lines_ = 0;
}

void live_text::show(const std::string& text) {
    if (!terminal_)
        return;
    clear();
    fmt::print(stderr, "{}\n", text);
    lines_ = 1 + static_cast<std::size_t>(std::ranges::count(text, '\n'));
    std::fflush(stderr);
}

} // namespace capstan::cli
