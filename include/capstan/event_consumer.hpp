#pragma once
// Reading telemetry: all partitions of an event hub or some, from any position on, shared among several processes if wanted.

#include <map>
#include <optional>
#include <vector>

#include <capstan/checkpoint_store.hpp>
#include <capstan/client_options.hpp>
#include <capstan/connection_state.hpp>
#include <capstan/detail/initiate.hpp>
#include <capstan/message.hpp>
#include <capstan/service_identity.hpp>
#include <capstan/token_provider.hpp>

namespace capstan {

namespace client {
class event_session;
class event_decoder;
} // namespace client

/// Where reading begins.
class event_position {
public:
    /// With the oldest event that is kept.
    static event_position earliest();
    /// With the first one that comes after the reader. Readers that share partitions begin where the first of them did.
    static event_position latest();
    /// Behind this event, or with it. One that is no longer kept: with the oldest.
    ///@{
    static event_position after_sequence_number(std::int64_t number);
    static event_position at_sequence_number(std::int64_t number);
    static event_position after_offset(std::string offset);
    ///@}
    /// With the first one that was enqueued at this time or later.
    static event_position at(wall_clock_time time);

    /// As the AMQP filter's expression (contract/event-hubs.md, section 1.3).
    const std::string& selector() const { return selector_; }

private:
    explicit event_position(std::string selector) : selector_(std::move(selector)) {}
    std::string selector_;
};

/// A device's telemetry message as the hub keeps it.
class event {
public:
    event() = default;

    /// What the device wrote.
    ///@{
    const message& content() const { return content_; }
    std::string_view body() const { return content_.body(); }
    std::string_view property(std::string_view name) const { return content_.property(name); }
    ///@}

    /// What the hub stamped it with.
    ///@{
    const std::string& partition() const { return partition_; }
    std::int64_t sequence_number() const { return sequence_number_; }
    const std::string& offset() const { return offset_; }
    wall_clock_time enqueued_time() const { return enqueued_time_; }
    const std::string& device_id() const { return device_id_; }
    ///@}
    /// What the hub has written beside the message: iothub-connection-auth-method and the like, as text.
    const std::map<std::string, std::string, std::less<>>& annotations() const { return annotations_; }

private:
    friend class client::event_decoder;
    message content_;
    std::string partition_, offset_, device_id_;
    std::int64_t sequence_number_ = -1;
    wall_clock_time enqueued_time_{};
    std::map<std::string, std::string, std::less<>> annotations_;
};

/// A partition as it was when it was asked for.
class partition_info {
public:
    partition_info() = default;
    std::string id; ///< "0", "1", ...
    std::int64_t first_sequence_number = 0; ///< of the oldest event that is kept
    std::int64_t last_sequence_number = -1; ///< below the first one: it is empty
    std::string last_offset;                ///< of the newest event
    wall_clock_time last_enqueued_time{};   ///< of the newest event
};

/// What is to be read. A value: copied into the consumer that is made with it.
class event_options {
public:
    event_options() = default;
    /// $Default.
    event_options& consumer_group(std::string name) { return consumer_group_ = std::move(name), *this; }
    /// Only these partitions; all, if there are none.
    event_options& partitions(std::vector<std::string> ids) { return partitions_ = std::move(ids), *this; }
    /// Where there is no checkpoint; latest.
    event_options& from(event_position position) { return from_ = std::move(position), *this; }
    /// Only one reader of an owner level reads a partition, and a higher level displaces lower ones: events end with errc::stolen then.
    event_options& owner_level(std::int64_t level) { return owner_level_ = level, *this; }
    /// Reading begins behind the checkpoints in it.
    event_options& checkpoints(std::shared_ptr<checkpoint_store> store) { return checkpoints_ = std::move(store), *this; }
    /// Several processes with the same store share the partitions: each claims its part of them, and takes over those of a process
    /// that has not renewed its claims for `expiry`. Needs checkpoints.
    event_options& balanced(std::chrono::milliseconds expiry = std::chrono::seconds(30)) { return balance_ = expiry, *this; }

    /// What was set, or its default.
    ///@{
    const std::string& consumer_group() const { return consumer_group_; }
    const std::vector<std::string>& partitions() const { return partitions_; }
    const event_position& from() const { return from_; }
    std::optional<std::int64_t> owner_level() const { return owner_level_; }
    const std::shared_ptr<checkpoint_store>& checkpoints() const { return checkpoints_; }
    std::optional<std::chrono::milliseconds> balance_expiry() const { return balance_; }
    ///@}

private:
    std::string consumer_group_ = "$Default";
    std::vector<std::string> partitions_;
    event_position from_ = event_position::latest();
    std::optional<std::int64_t> owner_level_;
    std::shared_ptr<checkpoint_store> checkpoints_;
    std::optional<std::chrono::milliseconds> balance_;
};

/// A reader of events. It connects with the first operation and reconnects by itself, going on behind the last event that it had
/// received: nothing is missed, nothing comes twice. Destroying it is close().
///
///     capstan::event_consumer events(co_await asio::this_coro::executor, event_hub_connection_string);
///     while (auto event = co_await events.async_next())
///         take(event->device_id(), event->body());
///
/// All functions may be called from any thread. Handlers run on their own executor, or else on `executor`, never inside the call.
class event_consumer {
public:
    /// An IoT hub's connection string (its redirect is followed), or an event hub's with EntityPath. Throws client_error
    /// (invalid_argument).
    event_consumer(asio::any_io_executor executor, std::string_view connection_string, const event_options& what = event_options(),
                   const client_options& options = client_options());
    /// By an IoT hub's redirect, with tokens that come from elsewhere, say (service_identity::by_tokens); the event hub's are asked for
    /// with "sb://{host}/{event hub}" as resource.
    event_consumer(asio::any_io_executor executor, const service_identity& hub, const event_options& what = event_options(),
                   const client_options& options = client_options());
    ~event_consumer();
    /// What was moved from may only be destroyed.
    event_consumer(event_consumer&&) noexcept;

    /// The next event of any of the partitions, each partition's in its order; none after close(). Errors: unauthorized,
    /// hub_not_trusted, not_found (event hub, consumer group, partition), stolen (of one partition: the others go on), what made the
    /// last attempt to connect fail when retry_policy::max_attempts is used up, canceled.
    template<completion_token<std::optional<event>> Token = asio::use_awaitable_t<>> auto async_next(Token&& token = Token()) {
        auto start = [in = session_](detail::handler<std::optional<event>> then) mutable { next(in, std::move(then)); };
        return detail::initiate<std::optional<event>>(std::forward<Token>(token), std::move(start));
    }

    /// Remembers that all up to this event is done: after a restart reading begins behind it. Completes when the store has it. Errors:
    /// invalid_argument (no store), stolen (of shared partitions: another reader has it by now, and goes on behind its last checkpoint),
    /// what the store throws, canceled.
    template<completion_token<> Token = asio::use_awaitable_t<>> auto async_checkpoint(const event& done, Token&& token = Token()) {
        checkpoint what;
        what.partition = done.partition();
        what.sequence_number = done.sequence_number();
        what.offset = done.offset();
        auto start = [in = session_, what = std::move(what)](detail::handler<> then) mutable {
            save_checkpoint(in, what, std::move(then));
        };
        return detail::initiate<>(std::forward<Token>(token), std::move(start));
    }

    /// The event hub's partitions and what is in them. Errors: timed_out, connection_lost, those of async_next, closed, canceled.
    template<completion_token<std::vector<partition_info>> Token = asio::use_awaitable_t<>> auto async_partitions(Token&& token = Token()) {
        auto start = [in = session_](detail::handler<std::vector<partition_info>> then) mutable { partitions(in, std::move(then)); };
        return detail::initiate<std::vector<partition_info>>(std::forward<Token>(token), std::move(start));
    }

    /// Called with each change. To be set before the first operation.
    void on_connection_changed(connection_observer observer);

    /// Says goodbye, and does not wait for it. What is waiting ends with none; claims on shared partitions are released.
    void close();

private:
    friend class service_client;
    using session = std::shared_ptr<client::event_session>;
    explicit event_consumer(session in) : session_(std::move(in)) {}
    static void next(const session& in, detail::handler<std::optional<event>> then);
    static void save_checkpoint(const session& in, const checkpoint& what, detail::handler<> then);
    static void partitions(const session& in, detail::handler<std::vector<partition_info>> then);

    session session_;
};

} // namespace capstan
