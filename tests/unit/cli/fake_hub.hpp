#pragma once
// An HTTPS server for one test: answers request after request with what it was told to, and keeps what it was asked.

#include <string>
#include <thread>
#include <vector>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

#include "server/certificates.hpp"

namespace capstan::test {

namespace http = boost::beast::http;

struct canned_answer {
    unsigned status;
    std::string body;
};

class fake_hub {
public:
    using request = http::request<http::string_body>;

    fake_hub(const server::certificate_files& files, std::vector<canned_answer> answers) : answers_(std::move(answers)) {
        tls_.use_certificate_chain_file(files.certificate.string());
        tls_.use_private_key_file(files.key.string(), boost::asio::ssl::context::pem);
        thread_ = std::thread([this] { serve(); });
    }
    ~fake_hub() { finish(); }

    std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

    /// What was asked, once all answers are given or the clients have gone.
    const std::vector<request>& finish() {
        if (thread_.joinable()) {
            stopping_ = true;
            boost::system::error_code ignored;
            boost::asio::ip::tcp::socket knock(loop_); // wakes accept()
            knock.connect(acceptor_.local_endpoint(), ignored);
            thread_.join();
        }
        return requests_;
    }

private:
    void serve() {
        for (const canned_answer& answer : answers_) {
            boost::asio::ssl::stream<boost::asio::ip::tcp::socket> stream(acceptor_.accept(), tls_);
            if (stopping_)
                return;
            boost::system::error_code error;
            stream.handshake(boost::asio::ssl::stream_base::server, error);
            boost::beast::flat_buffer buffer;
            request asked;
            if (!error)
                http::read(stream, buffer, asked, error);
            if (error)
                continue;
            requests_.push_back(asked);
            http::response<http::string_body> reply(static_cast<http::status>(answer.status), 11, answer.body);
            reply.prepare_payload();
            http::write(stream, reply, error);
            stream.shutdown(error);
        }
    }

    std::vector<canned_answer> answers_;
    std::vector<request> requests_;
    std::atomic<bool> stopping_ = false;
    boost::asio::io_context loop_;
    boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
    boost::asio::ip::tcp::acceptor acceptor_{loop_, {boost::asio::ip::make_address("127.0.0.1"), 0}};
    std::thread thread_;
};

} // namespace capstan::test
