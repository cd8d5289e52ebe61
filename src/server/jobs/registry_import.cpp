#include <cstring>
#include <fstream>
#include <limits>
#include <set>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "hub/registry/bulk.hpp"
#include "server/jobs/registry_transfer.hpp"

namespace capstan::server {
namespace {

namespace json = boost::json;

constexpr std::size_t at_once = 100;           // changes that wait for the disk together
constexpr std::size_t line_max = 64 * 1024;    // of one device
constexpr std::size_t deferred_max = 100'000;  // kept in memory until what they belong to is there

class importer {
public:
    importer(hub::registry& into, const std::filesystem::path& errors, work_queue& queue) : into_(into), errors_(errors), queue_(queue) {}

    void take(std::string_view line, std::size_t number) {
        if (line.find_first_not_of(" \t\r") == line.npos)
            return;
        boost::system::error_code error;
        auto entry = json::parse(line, error);
        if (error || !entry.is_object())
            return note({}, {hub::entry_errc::format, fmt::format("Line {} is no JSON object.", number)});
        take(std::move(entry.get_object()));
    }
    void skip_long_line(std::size_t number) {
        note({}, {hub::entry_errc::format, fmt::format("Line {} is longer than {} bytes.", number, line_max)});
    }

    /// What waited for others is tried again, for as long as that helps. Says what has gone wrong as a whole.
    std::string finish() {
        send();
        for (std::size_t before = deferred_.size() + 1; !deferred_.empty() && deferred_.size() < before;) {
            before = deferred_.size();
            for (auto& each : std::exchange(deferred_, {}))
                take(std::move(each.first));
            send();
        }
        for (const auto& [entry, why] : deferred_)
            note(entry, why);
        return log_.is_open() && !log_.flush() ? "the errors cannot be written: is the disk full?" : "";
    }

private:
    void take(json::object entry) {
        // The lines of one device take effect one after the other, its modules' after its own.
        const auto key = hub::key_of(entry);
        if (!devices_.insert(std::string(store::device_in(key))).second || waiting_.size() == at_once) {
            send();
            devices_.insert(std::string(store::device_in(key)));
        }
        waiting_.push_back(std::move(entry));
    }

    void send() {
        std::vector<std::optional<hub::entry_error>> outcomes(waiting_.size());
        std::size_t answered = 0;
        for (std::size_t index = 0; index < waiting_.size(); ++index)
            hub::apply_entry(into_, waiting_[index], queue_, [&outcomes, &answered, index](std::optional<hub::entry_error> wrong) {
                outcomes[index] = std::move(wrong);
                ++answered;
            });
        while (answered < waiting_.size()) // the registry answers always, that of a hub that stops too
            queue_.run(std::chrono::seconds(1));
        for (std::size_t index = 0; index < waiting_.size(); ++index)
            if (outcomes[index])
                put_aside(std::move(waiting_[index]), *std::move(outcomes[index]));
        waiting_.clear();
        devices_.clear();
    }

    /// A module may come before its device, a child before its parent: an export is sorted by ids.
    void put_aside(json::object entry, hub::entry_error why) {
        const bool orphan = entry.contains("moduleId") && why.code == hub::entry_errc::device_not_found;
        const bool child =
            (entry.contains("deviceScope") || entry.contains("parentScopes")) && why.code == hub::entry_errc::argument_invalid;
        if ((orphan || child) && deferred_.size() < deferred_max)
            deferred_.emplace_back(std::move(entry), std::move(why));
        else
            note(entry, why);
    }

    void note(const json::object& entry, const hub::entry_error& why) {
        if (!log_.is_open())
            log_.open(errors_, std::ios::binary | std::ios::trunc);
        const auto* id = entry.if_contains("id");
        json::object line{{"deviceId", id && id->is_string() ? *id : json::value("")},
                          {"errorCode", static_cast<std::uint32_t>(why.code)},
                          {"errorStatus", why.text}};
        if (const auto* module = entry.if_contains("moduleId"))
            line["moduleId"] = *module;
        log_ << json::serialize(line) << "\r\n";
    }

    hub::registry& into_;
    const std::filesystem::path& errors_;
    work_queue& queue_;
    std::ofstream log_;
    std::vector<json::object> waiting_;
    std::set<std::string> devices_; ///< of those
    std::vector<std::pair<json::object, hub::entry_error>> deferred_;
};

/// The next line, without its end; a longer one than any device has is taken, and said to be so.
enum class line { read, too_long, none };
line next_line(std::ifstream& from, std::string& into) {
    into.resize(line_max);
    from.getline(into.data(), static_cast<std::streamsize>(into.size()));
    if (from.bad() || (from.eof() && from.gcount() == 0))
        return line::none;
    if (from.fail()) {
        from.clear();
        from.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
        return line::too_long;
    }
    into.resize(std::strlen(into.c_str()));
    return line::read;
}

} // namespace

std::string import_devices(const std::filesystem::path& from, hub::registry& into, const std::filesystem::path& errors, work_queue& queue,
                           const progress_report& report) {
    std::ifstream file(from, std::ios::binary);
    if (!file)
        return "the input cannot be read";
    std::error_code ignored;
    const auto size = std::max<std::uintmax_t>(std::filesystem::file_size(from, ignored), 1);
    importer devices(into, errors, queue);
    std::string text;
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    for (std::size_t number = 1;; ++number) {
        const auto found = next_line(file, text);
        if (found == line::none)
            break;
        if (found == line::too_long)
            devices.skip_long_line(number);
        else
            devices.take(number == 1 && text.starts_with(byte_order_mark) ? std::string_view(text).substr(3) : text, number);
        const auto at = file.tellg();
        if (number % at_once == 0 && !report(static_cast<unsigned>(at < 0 ? 99 : static_cast<std::uintmax_t>(at) * 99 / size)))
            return {};
    }
    return devices.finish();
}

} // namespace capstan::server
