#pragma once
#include <vector>

#include "load/settings.hpp"

namespace capstan::load {

/// A queue of times that costs nothing while it is empty.
class time_queue {
public:
    bool empty() const { return at_ == times_.size(); }
    std::size_t size() const { return times_.size() - at_; }
    void push_back(std::int64_t time) { times_.push_back(time); }
    std::int64_t pop_front() {
        const auto first = times_[at_++];
        if (at_ == times_.size())
            times_.clear(), at_ = 0;
        return first;
    }

private:
    std::vector<std::int64_t> times_;
    std::size_t at_ = 0;
};

/// One link, with what flow control knows of it.
struct link {
    amqp::role role = amqp::role::sender;
    bool attached = false;            ///< answered, with a terminus
    std::uint32_t delivery_count = 0; ///< of the sender, whoever that is
    std::uint32_t credit = 0;         ///< what is left
    std::uint32_t unsettled = 0;
    std::size_t next_message = 0;
    time_queue owed;
    std::uint32_t incoming_id = 0; ///< of the delivery that is being received
    bool incoming_settled = false;
    bytes partial; ///< a received message of which frames are missing
};

} // namespace capstan::load
