// Somebody else's program: it needs the client library, and says what comes of a connection string that is none.
#include <iostream>

#include <boost/asio/io_context.hpp>
#include <capstan/device_client.hpp>
#include <capstan/service_client.hpp>

int main() {
    boost::asio::io_context context;
    try {
        capstan::service_client service(context.get_executor(), "nonsense");
    } catch (const capstan::client_error& error) {
        std::cout << error.what() << '\n';
        return 0;
    }
    return 1;
}
