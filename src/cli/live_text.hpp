#pragma once
// Progress on a terminal: lines that are written over; nothing where stderr is none.

#include <string>

namespace capstan::cli {

class live_text {
public:
    live_text();
    /// Takes the text away.
    ~live_text();
    live_text(const live_text&) = delete;

    /// In place of what is there.
    void show(const std::string& text);
    /// Before something else is printed.
    void clear();

private:
    const bool terminal_;
    std::size_t lines_ = 0; ///< that are shown
};

} // namespace capstan::cli
