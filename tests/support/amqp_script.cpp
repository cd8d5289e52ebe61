#include "support/amqp_script.hpp"

#include <deque>
#include <memory>

#include <gtest/gtest.h>

namespace capstan::amqp::test {
namespace {

template<class... Ts> struct overloaded : Ts... {
    using Ts::operator()...;
};

std::string with_error(std::string text, const error& why) { return why ? text + ' ' + why.condition : text; }

std::string name_of(delivery_state::shape what) {
    switch (what) {
    case delivery_state::shape::none: return "none";
    case delivery_state::shape::received: return "received";
    case delivery_state::shape::accepted: return "accepted";
    case delivery_state::shape::rejected: return "rejected";
    case delivery_state::shape::released: return "released";
    case delivery_state::shape::modified: return "modified";
    case delivery_state::shape::other: return "other";
    }
    return {};
}

template<class Number> std::string number(Number what) { return std::to_string(static_cast<std::uint32_t>(what)); }

std::string content(bytes_view payload) {
    return payload.size() > 40 ? std::to_string(payload.size()) + " bytes" : '"' + std::string(as_text(payload)) + '"';
}

} // namespace

settings script_settings() {
    settings result;
    result.container_id = "test";
    result.hostname = "localhost";
    result.sasl_mechanisms = {"PLAIN", "ANONYMOUS"};
    return result;
}

std::string to_text(const event& what) {
    const overloaded texts{
        [](const sasl_requested& e) { return "sasl " + std::string(e.mechanism) + ' ' + content(e.response); },
        [](const opened& e) { return "opened " + std::string(e.container_id) + (e.hostname.empty() ? "" : " ") + std::string(e.hostname); },
        [](const attached& e) { return "attached " + number(e.link) + (e.by_peer ? " by peer" : ""); },
        [](const detached& e) { return with_error("detached " + number(e.link) + (e.by_peer ? " by peer" : ""), e.error); },
        [](const delivery& e) {
            return "delivery " + number(e.link) + " id=" + number(e.id) + " tag=" + hex(e.tag) + ' ' + content(e.payload) +
                   (e.message_format ? " format=" + number(e.message_format) : "") + (e.settled ? " settled" : "");
        },
        [](const disposed& e) {
            return "disposed " + number(e.link) + ' ' + number(e.first) + ".." + number(e.last) + ' ' +
                   with_error(name_of(e.state.what), e.state.error) + (e.settled ? " settled" : "");
        },
        [](const credited& e) { return "credited " + number(e.link); },
        [](const closed& e) { return with_error(e.by_peer ? "closed by peer" : "closed", e.error); },
    };
    return std::visit(texts, what);
}

// --- one play

class amqp_script::run {
public:
    run(const amqp_script& script, const std::vector<std::size_t>& cuts)
        : script_(script), cuts_(cuts), engine_(script.side_, script.settings_, now_) {
        take_output();
    }

    std::optional<problem> play() {
        for (const auto& each : script_.steps_)
            if (auto wrong = step_wrong(each); !wrong.empty())
                return problem{each.where, wrong};
        const auto& last = script_.steps_.back().where;
        if (auto left = left_over(); !left.empty())
            return problem{last, left};
        if (script_.names_events_ && !events_.empty())
            return problem{last, "an event that nobody expects: " + events_.front()};
        return std::nullopt;
    }

private:
    /// Empty: all is well.
    std::string step_wrong(const step& what) {
        switch (what.what) {
        case step::kind::expect: return expect(what.text);
        case step::kind::event: return expect_event(what.text);
        case step::kind::finished:
            if (engine_.finished() == what.finished)
                return {};
            return what.finished ? "the engine is not finished" : "the engine is finished";
        case step::kind::that: return what.holds(engine_) ? "" : "it does not hold";
        case step::kind::within: return largest_ > what.size ? "a frame of " + std::to_string(largest_) + " bytes" : "";
        case step::kind::peer_sends:
        case step::kind::owner:
        case step::kind::after: break;
        }
        if (auto left = left_over(); !left.empty())
            return left;
        act(what);
        return {};
    }

    void act(const step& what) {
        if (what.what == step::kind::peer_sends)
            return receive(what.input);
        if (what.what == step::kind::owner)
            what.act(engine_);
        if (what.what == step::kind::after) {
            now_ += what.time;
            engine_.tick(now_);
        }
        take_events();
        take_output();
    }

    void receive(const octets& input) {
        std::size_t done = 0;
        while (done < input.size()) {
            while (next_cut_ < cuts_.size() && cuts_[next_cut_] <= received_)
                ++next_cut_;
            const auto piece = next_cut_ < cuts_.size() ? std::min(cuts_[next_cut_] - received_, input.size() - done) : input.size() - done;
            receive_piece({input.data() + done, piece});
            done += piece;
            received_ += piece;
        }
    }

    void receive_piece(bytes_view piece) {
        const auto own = std::make_unique<std::uint8_t[]>(piece.size());
        std::ranges::copy(piece, own.get());
        engine_.receive({own.get(), piece.size()}, now_);
        take_events();
        take_output();
    }

    void take_events() {
        while (const auto what = engine_.next_event()) {
            events_.push_back(to_text(*what));
            if (script_.owner_.answers)
                answer(*what);
        }
    }

    void answer(const event& what) {
        if (std::holds_alternative<sasl_requested>(what))
            engine_.answer_sasl(0);
        if (const auto* link = std::get_if<attached>(&what); link && link->by_peer) {
            auto with = script_.owner_.answer;
            with.credit = engine_.find(link->link)->role == role::receiver ? script_.owner_.credit : 0;
            engine_.accept(link->link, with);
        }
    }

    void take_output() {
        for (auto next = engine_.output(); !next.empty(); next = engine_.output()) {
            output_.insert(output_.end(), next.begin(), next.end());
            engine_.sent(next.size());
        }
    }

    std::optional<unit> next_unit() {
        auto found = decode_unit(output_, read_);
        if (found) {
            read_ += found->size;
            if (found->what == unit::kind::frame)
                largest_ = std::max(largest_, found->size);
        }
        return found;
    }

    std::string expect(const std::string& text) {
        const auto found = next_unit();
        if (!found)
            return "nothing was written; expected " + text;
        return matches(parse_unit(text), *found) ? "" : "written was " + to_text(*found) + "\n        expected " + text;
    }

    std::string expect_event(const std::string& text) {
        if (events_.empty())
            return "no event; expected " + text;
        const auto found = std::move(events_.front());
        events_.pop_front();
        return found == text ? "" : "the event was " + found + "\n        expected " + text;
    }

    std::string left_over() {
        if (read_ == output_.size())
            return {};
        const auto found = next_unit();
        return "nobody expects " + (found ? to_text(*found) : "half a frame");
    }

    const amqp_script& script_;
    const std::vector<std::size_t>& cuts_;
    steady_time now_{std::chrono::hours(1)};
    connection engine_;
    std::size_t received_ = 0, next_cut_ = 0;
    octets output_;
    std::size_t read_ = 0, largest_ = 0;
    std::deque<std::string> events_;
};

// --- writing it down

amqp_script::amqp_script(script_owner owner, settings with, side who) : owner_(std::move(owner)), settings_(std::move(with)), side_(who) {}

amqp_script::step& amqp_script::add(decltype(step::what) what, place where) {
    auto& added = steps_.emplace_back();
    added.what = what;
    added.where = where;
    return added;
}

amqp_script& amqp_script::peer_sends(std::initializer_list<std::string_view> units, place where) {
    octets raw;
    for (const auto each : units) {
        const auto encoded = encode_unit(each);
        raw.insert(raw.end(), encoded.begin(), encoded.end());
    }
    return peer_sends(std::move(raw), where);
}

amqp_script& amqp_script::peer_sends(octets raw, place where) {
    input_size_ += raw.size();
    add(step::kind::peer_sends, where).input = std::move(raw);
    return *this;
}

amqp_script& amqp_script::expect(std::string_view unit, place where) {
    add(step::kind::expect, where).text = unit;
    return *this;
}

amqp_script& amqp_script::expect_event(std::string_view text, place where) {
    names_events_ = true;
    add(step::kind::event, where).text = text;
    return *this;
}

amqp_script& amqp_script::owner(verb what, place where) {
    add(step::kind::owner, where).act = std::move(what);
    return *this;
}

amqp_script& amqp_script::after(std::chrono::milliseconds time, place where) {
    add(step::kind::after, where).time = time;
    return *this;
}

amqp_script& amqp_script::expect_finished(bool finished, place where) {
    add(step::kind::finished, where).finished = finished;
    return *this;
}

amqp_script& amqp_script::expect_that(std::function<bool(const connection&)> holds, place where) {
    add(step::kind::that, where).holds = std::move(holds);
    return *this;
}

amqp_script& amqp_script::expect_frames_within(std::size_t size, place where) {
    add(step::kind::within, where).size = size;
    return *this;
}

// --- playing it

std::optional<amqp_script::problem> amqp_script::play(const std::vector<std::size_t>& cuts) const {
    if (steps_.empty())
        return std::nullopt;
    return run(*this, cuts).play();
}

void amqp_script::report(const problem& what, const std::string& how) {
    ADD_FAILURE_AT(what.where.file_name(), static_cast<int>(what.where.line())) << what.what << how;
}

void amqp_script::check() const {
    if (const auto wrong = play({}))
        report(*wrong, "");
}

void amqp_script::check_every_cut() const {
    if (const auto wrong = play({}))
        return report(*wrong, "");
    std::vector<std::size_t> everywhere;
    for (std::size_t cut = 1; cut < input_size_; ++cut) {
        everywhere.push_back(cut);
        if (const auto wrong = play({cut}))
            return report(*wrong, "\n        when the input is cut after byte " + std::to_string(cut));
    }
    if (const auto wrong = play(everywhere))
        report(*wrong, "\n        when the input comes byte by byte");
}

} // namespace capstan::amqp::test
