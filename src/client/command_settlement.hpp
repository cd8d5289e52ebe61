#pragma once
#include <capstan/command.hpp>

#include "client/settlement.hpp"

namespace capstan::client {

/// Of a cloud-to-device message.
class command_settlement : public settlement {
public:
    using settlement::settlement;
    static command to_command(const std::shared_ptr<receiver_link>& on, const asio::any_io_executor& strand, const incoming& what);
};

} // namespace capstan::client
