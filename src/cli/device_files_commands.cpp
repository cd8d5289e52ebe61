#include <fstream>
#include <iostream>
#include <memory>
#include <set>

#include <fmt/format.h>

#include "auth/percent.hpp"
#include "cli/bulk_registry.hpp"
#include "cli/device_commands.hpp"
#include "cli/failed.hpp"
#include "cli/hub_login.hpp"
#include "cli/live_text.hpp"
#include "cli/output.hpp"

namespace capstan::cli {
namespace {

namespace json = boost::json;

constexpr std::size_t list_max = 1000; // the most that a hub lists at once

struct file_options {
    hub_options hub;
    std::string file = "-";
    std::string mode;
    output_form form = output_form::text;
};

// --- export

/// The line of a device or module in the format in which IoT Hub's jobs export and import them.
json::object exported(const json::value& device) {
    json::object line{{"id", device.at("deviceId")}};
    if (const auto* module = device.as_object().if_contains("moduleId"))
        line["moduleId"] = *module;
    line["eTag"] = device.at("etag");
    for (const auto* name : {"status", "statusReason", "authentication", "capabilities", "deviceScope", "parentScopes", "managedBy"})
        if (const auto* value = device.as_object().if_contains(name); value != nullptr && !value->is_null())
            line[name] = *value;
    return line;
}

/// Of all devices those that need to be asked for their modules: a query is quicker, but does not tell keys. Whoever may read the
/// registry may not always query it.
class devices_with_modules {
public:
    explicit devices_with_modules(const hub_login& hub) {
        try {
            std::string from;
            do
                for (const auto& each : query_page(hub, "SELECT deviceId FROM devices.modules", max_query_page, from))
                    found_.emplace(each.at("deviceId").as_string());
            while (!from.empty());
            known_ = true;
        } catch (const failed& refused) {
            if (refused.code != exit_refused)
                throw;
        }
    }
    bool may_have(const std::string& device) const { return !known_ || found_.contains(device); }

private:
    bool known_ = false;
    std::set<std::string> found_;
};

/// Of a hub that does not know `after`, which is Capstan's own, the same page would come for ever.
bool contains(const json::array& devices, const std::string& id) {
    return std::ranges::any_of(devices, [&](const json::value& each) { return each.at("deviceId").as_string() == id; });
}

/// Those of one device, in one answer: it has no more than 50. None when it has been removed since it was listed.
json::value modules_of(const hub_login& hub, const std::string& device) {
    try {
        return ask_hub(hub, {.path = device_path(device) + "/modules"});
    } catch (const failed& refused) {
        if (refused.code == exit_refused && std::string_view(refused.what()).find("DeviceNotFound") != std::string_view::npos)
            return json::array();
        throw;
    }
}

void write_modules(const hub_login& hub, const std::string& device, std::ostream& to) {
    const auto listed = modules_of(hub, device);
    for (const auto& each : listed.as_array())
        to << json::serialize(exported(each)) << '\n';
}

std::size_t write_devices(const hub_login& hub, std::ostream& to) {
    live_text progress;
    const devices_with_modules parents(hub);
    std::size_t written = 0;
    for (std::string last;;) {
        const auto after = last.empty() ? "" : "&after=" + auth::percent_encode(last);
        const auto listed = ask_hub(hub, {.path = "/devices", .query = fmt::format("&top={}{}", list_max, after)});
        const auto& devices = listed.as_array();
        if (!last.empty() && contains(devices, last))
            throw failed(exit_refused, fmt::format("this hub lists no more than {} devices", list_max));
        for (const auto& each : devices) {
            to << json::serialize(exported(each)) << '\n';
            if (const std::string id(each.at("deviceId").as_string()); parents.may_have(id))
                write_modules(hub, id, to);
        }
        written += devices.size();
        progress.show(fmt::format("{} devices", written));
        if (devices.size() < list_max)
            return written;
        last = devices.back().at("deviceId").as_string().c_str();
    }
}

int export_devices(const file_options& given) {
    const auto hub = log_in_as_service(given.hub);
    if (given.file == "-") {
        write_devices(hub, std::cout);
        if (!std::cout.flush())
            throw failed(exit_usage, "cannot write to stdout");
        return exit_ok;
    }
    std::ofstream file(given.file, std::ios::trunc);
    const auto count = file ? write_devices(hub, file) : 0;
    if (!file.flush())
        throw failed(exit_usage, fmt::format("cannot write {}", given.file));
    static constexpr column columns[] = {{"FILE", "/file"}, {"EXPORTED", "/exported"}};
    print(given.form, fmt::format("exported {} devices", count), columns, json::object{{"file", given.file}, {"exported", count}});
    return exit_ok;
}

// --- import

constexpr std::size_t deferred_max = 100'000; // kept in memory until what they belong to is there

bool has(const json::value& entry, std::string_view name) { return entry.as_object().contains(name); }
std::string_view text_of(const json::value& entry, std::string_view name) {
    const auto* found = entry.as_object().if_contains(name);
    return found != nullptr && found->is_string() ? std::string_view(found->as_string()) : std::string_view();
}

class importer {
public:
    importer(const hub_login& hub, std::string mode) : hub_(hub), mode_(std::move(mode)) {}

    void take(const std::string& line, std::size_t number) {
        if (line.find_first_not_of(" \t\r") == line.npos)
            return;
        boost::system::error_code error;
        auto device = json::parse(line, error);
        if (error || !device.is_object())
            throw failed(exit_usage, fmt::format("line {} is not a device as JSON: {}", number, error.message()));
        if (!mode_.empty())
            device.as_object()["importMode"] = mode_;
        add(std::move(device));
    }
    /// What is left, and the outcome.
    int finish(output_form form) {
        send();
        for (std::size_t before = deferred_.size() + 1; !deferred_.empty() && deferred_.size() < before; send()) {
            before = deferred_.size();
            for (auto& [entry, why] : std::exchange(deferred_, {}))
                add(std::move(entry));
        }
        for (const auto& [entry, why] : deferred_)
            refuse(why);
        progress_.clear();
        static constexpr column columns[] = {{"IMPORTED", "/imported"}, {"REFUSED", "/refused"}};
        print(form, fmt::format("imported {} devices{}", done_, refused_ > 0 ? fmt::format("; {} were refused", refused_) : ""), columns,
              json::object{{"imported", done_}, {"refused", refused_}});
        return refused_ > 0 ? exit_refused : exit_ok;
    }

private:
    void add(json::value device) {
        waiting_.push_back(std::move(device));
        if (waiting_.size() == max_bulk)
            send();
    }
    void send() {
        if (waiting_.empty())
            return;
        const auto sent = std::exchange(waiting_, {});
        const auto errors = change_devices(hub_, sent);
        done_ += sent.size() - errors.size();
        for (const auto& each : errors)
            put_aside(sent, each);
        progress_.show(fmt::format("{} devices", done_));
    }
    /// A child may come before its parent, a module before its device: an export is sorted by ids.
    void put_aside(const json::array& sent, const bulk_error& why) {
        const auto found = std::ranges::find_if(sent, [&](const json::value& each) {
            return text_of(each, "id") == why.device_id && text_of(each, "moduleId") == why.module_id;
        });
        if (found == sent.end() || deferred_.size() == deferred_max)
            return refuse(why);
        const bool orphan = !why.module_id.empty() && why.code == "DeviceNotFound";
        const bool child = why.code == "ArgumentInvalid" && (has(*found, "deviceScope") || has(*found, "parentScopes"));
        if (orphan && text_of(*found, "importMode").starts_with("delete"))
            ++done_; // it has gone with its device
        else if (orphan || child)
            deferred_.emplace_back(*found, why);
        else
            refuse(why);
    }
    void refuse(const bulk_error& why) {
        const auto module = why.module_id.empty() ? "" : '/' + why.module_id;
        fmt::print(stderr, "capstan: {}{}: {}: {}\n", why.device_id, module, why.code, why.text);
        ++refused_;
    }
    const hub_login& hub_;
    const std::string mode_;
    json::array waiting_;
    std::vector<std::pair<json::value, bulk_error>> deferred_; ///< until what they belong to is there
    std::size_t done_ = 0, refused_ = 0;
    live_text progress_;
};

int import_devices(const file_options& given) {
    const auto hub = log_in_as_service(given.hub);
    std::ifstream file;
    if (given.file != "-") {
        file.open(given.file);
        if (!file)
            throw failed(exit_usage, fmt::format("cannot read {}", given.file));
    }
    auto& from = given.file == "-" ? std::cin : file;
    importer into(hub, given.mode);
    std::string line;
    for (std::size_t number = 1; std::getline(from, line); ++number)
        into.take(line, number);
    return into.finish(given.form);
}

CLI::App& add(CLI::App& device, action& chosen, const char* name, const char* help, int (*perform)(const file_options&)) {
    CLI::App* command = device.add_subcommand(name, help);
    const auto given = std::make_shared<file_options>();
    add_login_options(*command, given->hub);
    add_output_option(*command, given->form);
    command->add_option("file", given->file, "lines of JSON; '-': the standard stream [-]")->type_name("FILE");
    command->callback([&chosen, perform, given] { chosen = [perform, given] { return perform(*given); }; });
    if (perform == import_devices)
        command->add_option("--mode", given->mode, "what to do with each, whatever its line says [its importMode, or createOrUpdate]")
            ->check(CLI::IsMember({"create", "createOrUpdate", "update", "updateIfMatchETag", "delete", "deleteIfMatchETag"}))
            ->type_name("MODE");
    return *command;
}

} // namespace

void add_device_files(CLI::App& device, action& chosen) {
    add(device, chosen, "export", "Write all devices and modules, with their keys, as lines of JSON.", export_devices);
    add(device, chosen, "import", "Register devices from lines of JSON, as `export` and IoT Hub's jobs write them.", import_devices);
}

} // namespace capstan::cli
