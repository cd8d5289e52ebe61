#include "client/blocking_work.hpp"

#include <boost/asio/thread_pool.hpp>

namespace capstan::client {
namespace {

/// Of an execution context: its thread is there from the first work on, and joined before the context goes.
class blocking_thread final : public asio::execution_context::service {
public:
    static asio::execution_context::id id;
    explicit blocking_thread(asio::execution_context& owner) : service(owner) {}
    asio::thread_pool& pool() { return pool_; }

private:
    void shutdown() override {
        pool_.stop();
        pool_.join();
    }
    asio::thread_pool pool_{1};
};

asio::execution_context::id blocking_thread::id;

} // namespace

void post_blocking(const asio::any_io_executor& strand, std::move_only_function<void()> work) {
    auto& context = asio::query(strand, asio::execution::context);
    asio::post(asio::use_service<blocking_thread>(context).pool(), std::move(work));
}

} // namespace capstan::client
