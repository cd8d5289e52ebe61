#pragma once
// Scripts of AMQP conversations: the test plays the peer of one engine, in the notation of amqp_notation.hpp. Steps are written down
// first and played by check(), so that the same script can be played again with its input cut elsewhere.

#include <chrono>
#include <functional>
#include <initializer_list>
#include <optional>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <capstan/amqp/connection.hpp>

#include "support/amqp_notation.hpp"

namespace capstan::amqp::test {

settings script_settings();

/// An event in words: "opened peer host", "attached 1 by peer", "closed amqp:not-found".
std::string to_text(const event& what);

/// What the owner of the engine does by itself: it lets everybody in and accepts each link.
struct script_owner {
    bool answers = true;
    std::uint32_t credit = 10; ///< of links on which the engine receives
    attach_answer answer{};
};

class amqp_script {
public:
    using verb = std::function<void(connection&)>;
    using place = std::source_location;

    explicit amqp_script(script_owner owner = {}, settings with = script_settings(), side who = side::server);

    // --- writing it down

    amqp_script& peer_sends(std::string_view unit, place where = place::current()) { return peer_sends({unit}, where); }
    /// Several units at once.
    amqp_script& peer_sends(std::initializer_list<std::string_view> units, place where = place::current());
    amqp_script& peer_sends(octets raw, place where = place::current());
    /// The next thing that the engine has written. All must be expected before the next step that is not an expectation.
    amqp_script& expect(std::string_view unit, place where = place::current());
    /// The next event. A script that names one names all.
    amqp_script& expect_event(std::string_view text, place where = place::current());
    amqp_script& owner(verb what, place where = place::current());
    amqp_script& after(std::chrono::milliseconds time, place where = place::current());
    amqp_script& expect_finished(bool finished = true, place where = place::current());
    amqp_script& expect_that(std::function<bool(const connection&)> holds, place where = place::current());
    /// No frame that was expected so far is larger.
    amqp_script& expect_frames_within(std::size_t size, place where = place::current());

    // --- playing it

    void check() const;
    /// Also with the input cut in two at every byte, and byte by byte. Each piece lies in memory of its own, which is freed as soon
    /// as the engine may not look at it any more.
    void check_every_cut() const;

private:
    struct step {
        enum class kind { peer_sends, expect, event, owner, after, finished, that, within } what = kind::peer_sends;
        place where;
        std::string text;
        octets input;
        verb act;
        std::function<bool(const connection&)> holds;
        std::chrono::milliseconds time{};
        bool finished = false;
        std::size_t size = 0;
    };
    struct problem {
        place where;
        std::string what;
    };
    class run;

    step& add(decltype(step::what) what, place where);
    std::optional<problem> play(const std::vector<std::size_t>& cuts) const;
    static void report(const problem& what, const std::string& how);

    script_owner owner_;
    settings settings_;
    side side_;
    std::vector<step> steps_;
    std::size_t input_size_ = 0;
    bool names_events_ = false;
};

} // namespace capstan::amqp::test
