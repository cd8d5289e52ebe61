#pragma once
// What is behind an event_consumer: the way to the event hub (perhaps by an IoT hub's redirect), its partitions, a link for each.

#include <deque>

#include "client/completion.hpp"
#include "client/events/event_hub_questions.hpp"
#include "client/events/event_source.hpp"
#include "client/events/partition_link.hpp"
#include "client/events/partition_share.hpp"
#include "client/hub_connection.hpp"

namespace capstan::client {

/// Made anywhere; used on its strand.
class event_session : public std::enable_shared_from_this<event_session> {
public:
    static std::shared_ptr<event_session> create(const asio::any_io_executor& executor, event_source where, event_options what,
                                                 const client_options& options);

    const asio::any_io_executor& strand() const { return strand_; }

    using next_event = completion<std::optional<event>>;
    void next(next_event then);
    void checkpoint(const capstan::checkpoint& done, completion<> then);
    using partition_infos = completion<std::vector<partition_info>>;
    void partitions(partition_infos then);
    void observe(connection_observer observer) { observer_ = std::move(observer); }
    void close();

private:
    using ticket = std::uint64_t;
    /// What is in the partitions, as the user wants to know it.
    struct open_question {
        partition_infos then;
        asio::steady_timer limit;
        bool asked = false;
    };

    event_session(const asio::any_io_executor& executor, event_source where, event_options what, const client_options& options);

    // --- on the way, in this order
    void begin();
    void ask_for_redirect();
    void connect();
    void run(std::shared_ptr<hub_connection> connection, std::shared_ptr<participant> who);
    void discover();
    void start_reading(const std::vector<partition_info>& all);
    void read_all();
    void read_partition(const partition_info& which, const std::vector<capstan::checkpoint>& done, std::optional<std::int64_t> owner_level);
    std::string beginning(const partition_info& which, const std::vector<capstan::checkpoint>& done) const;
    bool from_now_on() const { return what_.from().selector() == event_position::latest().selector(); }

    // --- sharing
    void balance();
    void take_over(const partition_share& mine);
    void give_up(const std::string& partition);

    void arrived(event what);
    void hand_over();
    void answer_infos();
    void answer(ticket which, event_hub_questions::infos found);
    void partition_failed(const std::string& partition, const client_error& why);
    void cancel(ticket which);
    void fail(const client_error& why);
    void later(std::chrono::milliseconds pause, void (event_session::*then)());

    asio::any_io_executor strand_;
    event_source where_;
    event_options what_;
    client_options options_;
    std::string self_; ///< our name among those who share partitions
    connection_observer observer_;
    std::shared_ptr<hub_connection> connection_;
    std::shared_ptr<participant> participant_;
    std::shared_ptr<event_hub_questions> questions_;
    std::vector<partition_info> known_;
    std::map<std::string, ownership> claims_;                      ///< by partition, if they are shared
    std::map<std::string, std::shared_ptr<partition_link>> links_; ///< by partition
    std::deque<event> arrived_;
    std::deque<client_error> problems_; ///< of single partitions, to be told
    std::map<ticket, next_event> waiting_;
    std::map<ticket, open_question> asking_; ///< those that are not asked yet wait until it is known where
    ticket next_ticket_ = 1;
    asio::steady_timer timer_;
    bool begun_ = false, reading_ = false;
    std::optional<client_error> ended_;
};

} // namespace capstan::client
