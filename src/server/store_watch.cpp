#include "server/store_watch.hpp"

#include <spdlog/spdlog.h>

namespace capstan::server {

void store_watch::look() {
    const auto trouble = store_.trouble();
    const std::string text = trouble ? trouble->text : "";
    if (text == known_)
        return;
    if (trouble)
        spdlog::error("the store takes no writes: {}; messages and commands are refused until that is over", text);
    else
        spdlog::info("the store takes writes again");
    known_ = text;
}

} // namespace capstan::server
