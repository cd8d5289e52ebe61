#pragma once
// One request to a hub's REST interface and its answer. contract/rest.md, sections 1 and 2.

#include <boost/asio/awaitable.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/verb.hpp>
#include <boost/json.hpp>

#include <capstan/error.hpp>
#include <capstan/service_identity.hpp>

#include "client/transport/byte_stream.hpp"

namespace capstan::client {

struct rest_request {
    boost::beast::http::verb method = boost::beast::http::verb::get;
    std::string path{};       ///< percent-encoded
    std::string query{};      ///< further parameters, each led by '&'
    std::string if_match{};   ///< the header's value; empty: none
    boost::json::value body{}; ///< null: none
    std::vector<std::pair<std::string, std::string>> headers{}; ///< beside those that all requests have
    bool only_reads = false; ///< though it is no GET
    unsigned also_success = 0; ///< a status that is none, and still comes with what was asked for
};

using rest_answer = boost::beast::http::response<boost::beast::http::string_body>;

/// The hub's answer, a success. Throws client_error. Reading requests are tried again, with the options' pauses, until the options'
/// time-out has passed; others once. Cancellation (terminal) ends it.
asio::awaitable<rest_answer> send_request(service_identity who, client_options options, rest_request asked);
/// The same, and gives back the JSON that the answer has as its body; null when there is none.
asio::awaitable<boost::json::value> ask_hub(service_identity who, client_options options, rest_request asked);

/// What a status that is not a success means, with the hub's code and words out of the body.
client_error rest_failure(int status, std::string_view body);

} // namespace capstan::client
