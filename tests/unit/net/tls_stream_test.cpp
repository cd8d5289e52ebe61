#include "net/tls_stream.hpp"

#include <csignal>
#include <deque>
#include <fstream>
#include <future>
#include <thread>

#include <boost/asio/ssl.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/authority.hpp"
#include "unit/net/loopback.hpp"

namespace capstan::net {
namespace {

using test::certificate;
using test::loopback;
namespace asio = boost::asio;

/// Bytes and sizes of the TLS records that cross the wire, taken from outside of OpenSSL.
constexpr std::size_t record_header = 5;

struct tls_stream_test : testing::Test {
    certificate files;
    std::deque<loopback> pairs;
    std::shared_ptr<const tls_context> context;
    std::unique_ptr<tls_stream> stream;
    asio::ssl::context client_context{asio::ssl::context::tls_client};
    std::unique_ptr<asio::ssl::stream<asio::ip::tcp::socket>> client;
    bytes buffer = bytes(64 * 1024);

    tls_stream_test() {
        std::signal(SIGPIPE, SIG_IGN);
        client_context.set_verify_mode(asio::ssl::verify_peer);
        client_context.load_verify_file(files.file);
    }

    void make(const client_certificates& asked = {}) {
        context = tls_context::for_server({files.file, files.key_file}, asked).value();
        client.reset();
        stream.reset();
        auto& pair = pairs.emplace_back();
        stream = std::make_unique<tls_stream>(std::move(pair.near), *context);
        client = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket>>(std::move(pair.far), client_context);
    }

    void wait_for(io_state state) {
        ASSERT_TRUE(state == io_state::wait_readable || state == io_state::wait_writable);
        test::wait_for(stream->socket(), state == io_state::wait_readable ? POLLIN : POLLOUT);
    }

    /// Reads drive the server's side; the client's runs on a thread of its own. The client's error, if any.
    boost::system::error_code shake_hands() {
        auto shaken = std::async(std::launch::async, [this] {
            boost::system::error_code error;
            client->handshake(asio::ssl::stream_base::client, error);
            if (error) {
                boost::system::error_code ignored;
                client->lowest_layer().shutdown(asio::ip::tcp::socket::shutdown_both, ignored);
            }
            return error;
        });
        while (!stream->established()) {
            const auto read = stream->read_some(buffer);
            if (read.state == io_state::failed || read.state == io_state::closed)
                break;
            if (!stream->established())
                wait_for(read.state);
        }
        return shaken.get();
    }

    io_result read() {
        io_result last = stream->read_some(buffer);
        while (last.state == io_state::wait_readable) {
            wait_for(last.state);
            last = stream->read_some(buffer);
        }
        return last;
    }
};

TEST_F(tls_stream_test, speaks_tls_1_2_and_1_3) {
    for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
        SSL_CTX_set_min_proto_version(client_context.native_handle(), version);
        SSL_CTX_set_max_proto_version(client_context.native_handle(), version);
        make();
        EXPECT_FALSE(stream->established());
        ASSERT_FALSE(shake_hands());
        EXPECT_EQ(SSL_version(client->native_handle()), version);
        asio::write(*client, asio::buffer("hello", 5));
        EXPECT_EQ(read().count, 5u);
        EXPECT_EQ(as_text(bytes_view(buffer).first(5)), "hello");
        EXPECT_EQ(stream->write_some(as_bytes("welcome")).count, 7u);
        EXPECT_EQ(client->read_some(asio::buffer(buffer)), 7u);
        EXPECT_FALSE(stream->peer_certificate());
    }
}

TEST_F(tls_stream_test, does_not_speak_tls_1_1) {
    SSL_CTX_set_security_level(client_context.native_handle(), 0);
    SSL_CTX_set_min_proto_version(client_context.native_handle(), TLS1_1_VERSION);
    SSL_CTX_set_max_proto_version(client_context.native_handle(), TLS1_1_VERSION);
    make();
    EXPECT_TRUE(shake_hands());
}

TEST_F(tls_stream_test, a_client_that_does_not_trust_us_is_reported_in_words) {
    client_context = asio::ssl::context(asio::ssl::context::tls_client);
    client_context.set_verify_mode(asio::ssl::verify_peer);
    SSL_CTX_set_max_proto_version(client_context.native_handle(), TLS1_2_VERSION);
    make();
    auto shaken = std::async(std::launch::async, [this] {
        boost::system::error_code error;
        client->handshake(asio::ssl::stream_base::client, error);
        return error;
    });
    const auto last = read();
    EXPECT_TRUE(shaken.get());
    EXPECT_EQ(last.state, io_state::failed);
    EXPECT_THAT(last.error.message(), testing::HasSubstr("unknown ca"));
}

TEST_F(tls_stream_test, what_is_not_tls_fails) {
    make();
    asio::write(client->next_layer(), asio::buffer("GET / HTTP/1.1\r\n\r\n", 18));
    const auto last = read();
    EXPECT_EQ(last.state, io_state::failed);
    EXPECT_THAT(last.error.message(), testing::HasSubstr("http request"));
    stream->finish();
}

TEST_F(tls_stream_test, every_write_is_a_record_of_its_own) {
    make();
    ASSERT_FALSE(shake_hands());
    std::vector<std::size_t> sizes;
    const auto rest = SSL_pending(client->native_handle());
    EXPECT_EQ(rest, 0);
    for (const std::size_t size : {1u, 10u, 100u})
        EXPECT_EQ(stream->write_some(bytes(size, 'x')).count, size);
    for (const std::size_t size : {1u, 10u, 100u}) // a read gives one record at most, however much room there is
        EXPECT_EQ(client->read_some(asio::buffer(buffer)), size);
    // One write is at most one record, too.
    const bytes large(40'000, 'y');
    EXPECT_EQ(stream->write_some(large).count, 16'384u);
}

TEST_F(tls_stream_test, a_write_that_would_block_goes_on_from_another_place_in_memory) {
    make();
    ASSERT_FALSE(shake_hands());
    const auto pattern = [](std::size_t from, std::size_t count) {
        bytes made(count);
        for (std::size_t i = 0; i < count; ++i)
            made[i] = static_cast<std::uint8_t>((from + i) * 7 % 251);
        return made;
    };
    std::size_t sent = 0;
    io_result last{io_state::moved};
    while ((last = stream->write_some(pattern(sent, 20'000))).state == io_state::moved)
        sent += last.count;
    ASSERT_EQ(last.state, io_state::wait_writable);

    constexpr std::size_t more = 100'000;
    auto received = std::async(std::launch::async, [&, wanted = sent + more] {
        bytes all(wanted);
        asio::read(*client, asio::buffer(all));
        return all;
    });
    const auto total = sent + more;
    while (sent < total) {
        last = stream->write_some(pattern(sent, std::min<std::size_t>(30'000, total - sent)));
        if (last.state == io_state::moved)
            sent += last.count;
        else
            wait_for(last.state);
    }
    EXPECT_EQ(received.get(), pattern(0, total));
}

TEST_F(tls_stream_test, a_record_in_pieces_is_waited_for) {
    make();
    ASSERT_FALSE(shake_hands());
    // The record is made by a client whose network is memory, and sent in two halves.
    BIO* const out = BIO_new(BIO_s_mem());
    SSL* const ssl = client->native_handle();
    BIO_up_ref(out);
    BIO* const old = SSL_get_wbio(ssl);
    BIO_up_ref(old);
    SSL_set0_wbio(ssl, out);
    ASSERT_EQ(SSL_write(ssl, "in two pieces", 13), 13);
    BUF_MEM* record = nullptr;
    BIO_get_mem_ptr(out, &record);
    ASSERT_GT(record->length, record_header + 13);
    EXPECT_EQ(asio::write(client->next_layer(), asio::buffer(record->data, 9)), 9u);
    test::wait_for(stream->socket(), POLLIN);
    EXPECT_EQ(stream->read_some(buffer).state, io_state::wait_readable);
    asio::write(client->next_layer(), asio::buffer(record->data + 9, record->length - 9));
    EXPECT_EQ(read().count, 13u);
    SSL_set0_wbio(ssl, old);
    BIO_free(out);
}

TEST_F(tls_stream_test, ends_with_and_without_a_farewell) {
    make();
    ASSERT_FALSE(shake_hands());
    stream->finish();
    boost::system::error_code end;
    client->read_some(asio::buffer(buffer), end);
    EXPECT_EQ(end, asio::error::eof); // stream_truncated had no close_notify come
    client->next_layer().close();     // without one of its own
    EXPECT_EQ(read().state, io_state::closed);
}

TEST_F(tls_stream_test, knows_the_thumbprint_of_a_client_certificate) {
    const certificate device;
    client_context.use_certificate_file(device.file, asio::ssl::context::pem);
    client_context.use_private_key_file(device.key_file, asio::ssl::context::pem);
    make({.asked = true});
    ASSERT_FALSE(shake_hands());
    unsigned char digest[32];
    X509_digest(SSL_get_certificate(client->native_handle()), EVP_sha256(), digest, nullptr);
    char first[3];
    std::snprintf(first, sizeof first, "%02X", digest[0]);
    const auto shown = stream->peer_certificate();
    ASSERT_TRUE(shown);
    EXPECT_THAT(shown->sha256, testing::AllOf(testing::SizeIs(64), testing::StartsWith(first)));
    EXPECT_EQ(shown->sha1.size(), 40u);
    EXPECT_FALSE(shown->trusted);
}

/// What is said of a client's certificate, at once and when its session is resumed.
TEST_F(tls_stream_test, a_client_certificate_is_trusted_when_its_authority_is) {
    test::authority ours, theirs;
    const auto judge = [&](const test::certificate_files& device) {
        asio::ssl::context own(asio::ssl::context::tls_client);
        own.use_certificate_file(device.certificate.string(), asio::ssl::context::pem);
        own.use_private_key_file(device.key.string(), asio::ssl::context::pem);
        client_context = std::move(own);
        make({.asked = true, .authorities = ours.file()});
        EXPECT_FALSE(shake_hands());
        return stream->peer_certificate();
    };
    const auto good = judge(ours.issue("pump-7", ""));
    ASSERT_TRUE(good);
    EXPECT_TRUE(good->trusted);
    EXPECT_EQ(good->common_name, "pump-7");
    EXPECT_FALSE(judge(theirs.issue("pump-7", ""))->trusted);
    EXPECT_FALSE(judge(ours.self_signed("pump-7", ""))->trusted);
    EXPECT_FALSE(judge(ours.issue("pump-7", "", -60))->trusted);
}

TEST_F(tls_stream_test, authorities_that_come_and_go_are_asked_again) {
    test::authority operators, registered;
    const auto text_of = [](const test::authority& of) {
        std::ifstream from(of.file());
        return std::string(std::istreambuf_iterator<char>(from), {});
    };
    const auto shown_by = [&](const test::certificate_files& device) {
        asio::ssl::context own(asio::ssl::context::tls_client);
        own.use_certificate_file(device.certificate.string(), asio::ssl::context::pem);
        own.use_private_key_file(device.key.string(), asio::ssl::context::pem);
        client_context = std::move(own);
        make({.asked = true, .authorities = operators.file(), .registered = text_of(registered)});
        EXPECT_FALSE(shake_hands());
        return stream->peer_certificate().value();
    };
    const auto of_file = shown_by(operators.issue("pump-7", "")), of_registry = shown_by(registered.issue("pump-8", ""));
    EXPECT_TRUE(of_file.trusted);
    EXPECT_TRUE(of_registry.trusted);
    const auto without = context->with_registered(""), again = without->with_registered(text_of(registered));
    for (const auto& later : {without, again})
        EXPECT_TRUE(later->trusts(of_file));
    EXPECT_FALSE(without->trusts(of_registry));
    EXPECT_TRUE(again->trusts(of_registry));
    test::authority strangers;
    const auto untrusted = shown_by(strangers.issue("pump-9", ""));
    EXPECT_FALSE(untrusted.trusted);
    EXPECT_FALSE(untrusted.chain);
    EXPECT_FALSE(without->trusts(untrusted));
}

TEST_F(tls_stream_test, the_certificate_is_for_the_name_that_is_asked_for) {
    test::authority made;
    const auto first = made.issue("first", "DNS:hub.local,IP:127.0.0.1"), second = made.issue("second", "DNS:hub.device.local"),
               wild = made.issue("wild", "DNS:*.events.local");
    const auto pair = [](const test::certificate_files& of) { return certificate_pair{of.certificate, of.key}; };
    context = tls_context::for_server(pair(first), {}, {pair(second), pair(wild)}).value();
    asio::ssl::context trusting(asio::ssl::context::tls_client);
    trusting.set_verify_mode(asio::ssl::verify_peer);
    trusting.load_verify_file(made.file().string());
    client_context = std::move(trusting);
    const auto shown_for = [&](const char* name) {
        client.reset();
        stream.reset();
        auto& connection = pairs.emplace_back();
        stream = std::make_unique<tls_stream>(std::move(connection.near), *context);
        client = std::make_unique<asio::ssl::stream<asio::ip::tcp::socket>>(std::move(connection.far), client_context);
        if (name)
            SSL_set_tlsext_host_name(client->native_handle(), name);
        EXPECT_FALSE(shake_hands());
        char text[64] = "";
        X509_NAME_get_text_by_NID(X509_get_subject_name(SSL_get0_peer_certificate(client->native_handle())), NID_commonName, text, 64);
        return std::string(text);
    };
    EXPECT_EQ(shown_for(nullptr), "first");
    EXPECT_EQ(shown_for("hub.local"), "first");
    EXPECT_EQ(shown_for("HUB.device.local"), "second");
    EXPECT_EQ(shown_for("ns.events.local"), "wild");
    EXPECT_EQ(shown_for("other.local"), "first");
    const auto names_it = tls_context::for_server(pair(first), {}, {{second.certificate, first.key}});
    ASSERT_FALSE(names_it);
    EXPECT_THAT(names_it.error(), testing::HasSubstr(first.key.string()));
}

TEST_F(tls_stream_test, authorities_that_cannot_be_used_are_named) {
    const auto bad = tls_context::for_server({files.file, files.key_file}, {.asked = true, .authorities = "/none.pem"});
    ASSERT_FALSE(bad);
    EXPECT_THAT(bad.error(), testing::HasSubstr("/none.pem"));
    EXPECT_FALSE(tls_context::for_server({files.file, files.key_file}, {.asked = true, .revoked = files.file}));
}

TEST_F(tls_stream_test, a_session_is_resumed) {
    // The ticket comes with the first read after the handshake.
    make();
    ASSERT_FALSE(shake_hands());
    stream->write_some(as_bytes("x"));
    client->read_some(asio::buffer(buffer));
    SSL_SESSION* const session = SSL_get1_session(client->native_handle());
    loopback again;
    tls_stream second(std::move(again.near), *context);
    asio::ssl::stream<asio::ip::tcp::socket> second_client(std::move(again.far), client_context);
    SSL_set_session(second_client.native_handle(), session);
    auto shaken = std::async(std::launch::async, [&] { second_client.handshake(asio::ssl::stream_base::client); });
    while (!second.established()) {
        second.read_some(buffer);
        if (!second.established())
            test::wait_for(second.socket(), POLLIN);
    }
    shaken.get();
    EXPECT_EQ(SSL_session_reused(second_client.native_handle()), 1);
    SSL_SESSION_free(session);
}

TEST(tls_context, names_the_file_that_does_not_do) {
    const certificate good, other;
    const auto missing = tls_context::for_server({good.folder / "absent.pem", good.key_file});
    EXPECT_THAT(missing.error(), testing::HasSubstr("absent.pem"));
    const auto wrong = tls_context::for_server({good.file, other.key_file});
    EXPECT_THAT(wrong.error(), testing::HasSubstr(other.key_file.string()));
    const auto corrupt = good.folder.write("corrupt.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n");
    EXPECT_THAT(tls_context::for_server({corrupt, good.key_file}).error(), testing::HasSubstr("corrupt.pem"));
}

} // namespace
} // namespace capstan::net
