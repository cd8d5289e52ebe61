#pragma once
// What became of cloud-to-device messages, and files that devices have uploaded: as the service hears of them.

#include <memory>
#include <vector>

#include <capstan/detail/initiate.hpp>
#include <capstan/message.hpp>

namespace capstan {

namespace client {
class batch_settlement;
}

/// The end of one cloud-to-device message.
enum class delivery_status : std::uint8_t {
    success,                 ///< the device completed it
    expired,                 ///< it was not done in time
    delivery_count_exceeded, ///< the device gave it back too often
    rejected,                ///< the device rejected it
    purged,                  ///< its queue was purged
    unknown,                 ///< a word of the hub that this version does not know
};

/// What became of one command.
class feedback_record {
public:
    feedback_record() = default;
    std::string message_id; ///< of the message that this is about
    std::string device_id;            ///< the device that it was for
    std::string device_generation_id; ///< tells the device from an earlier one of the same id
    delivery_status status = delivery_status::unknown; ///< the outcome
    std::string status_text; ///< the hub's own word
    wall_clock_time time{};  ///< of the outcome
};

/// Records that come together, locked to the client that received them for 60 s: complete it, or they come again.
class feedback_batch {
public:
    feedback_batch() = default;
    /// The oldest first; 64 at most.
    const std::vector<feedback_record>& records() const { return records_; }
    /// When the hub made the batch.
    wall_clock_time enqueued_time() const { return enqueued_time_; }

    /// Done with it: the hub forgets it. Errors: lock_lost; connection_lost, timed_out, canceled (perhaps it comes again); closed.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_complete(Token&& token = Token()) {
        return async_settle(true, std::forward<Token>(token));
    }
    /// Not now: it comes again, here or elsewhere.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_abandon(Token&& token = Token()) {
        return async_settle(false, std::forward<Token>(token));
    }

private:
    friend class client::batch_settlement;
    using settlement = std::shared_ptr<client::batch_settlement>;
    template<class Token> auto async_settle(bool done, Token&& token) {
        return detail::initiate<>(std::forward<Token>(token),
                                  [held = settlement_, done](detail::handler<> then) mutable { settle(held, done, std::move(then)); });
    }
    static void settle(const settlement& held, bool done, detail::handler<> then);

    std::vector<feedback_record> records_;
    wall_clock_time enqueued_time_{};
    settlement settlement_;
};

/// A file that a device has uploaded. Completed for you when it is handed to you.
class file_notification {
public:
    file_notification() = default;
    std::string device_id; ///< who uploaded it
    std::string blob_uri;  ///< where it is
    std::string blob_name; ///< its name there, with the device's id in front
    std::uint64_t blob_size = 0; ///< bytes
    wall_clock_time last_updated{};  ///< of the file
    wall_clock_time enqueued_time{}; ///< of this notification
};

} // namespace capstan
