// scenarios           lists the scenarios, one a line: name and number of items
// scenarios NAME      does the work of one, in the function measured_work: what is outside of it is not counted

#include <algorithm>
#include <cstdio>
#include <vector>

#include "scenario.hpp"

/// By this name, and called through a pointer that is not a constant: neither inlined nor cloned.
extern "C" __attribute__((noinline, noclone)) bool measured_work(capstan::bench::work& work) { return work(); }

int main(int count, char** arguments) {
    using namespace capstan::bench;
    std::vector<scenario> all;
    for (const auto some : {engine_scenarios(), message_scenarios(), hub_scenarios()})
        all.insert(all.end(), some.begin(), some.end());
    if (count < 2) {
        for (const auto& each : all)
            std::printf("%.*s %ju\n", static_cast<int>(each.name.size()), each.name.data(), static_cast<std::uintmax_t>(each.items));
        return 0;
    }
    const auto found = std::ranges::find(all, std::string_view(arguments[1]), &scenario::name);
    if (found == all.end()) {
        std::fprintf(stderr, "scenarios: there is no %s\n", arguments[1]);
        return 2;
    }
    auto work = found->prepare();
    if (!measured_work(work)) {
        std::fprintf(stderr, "scenarios: %s has failed\n", arguments[1]);
        return 1;
    }
    return 0;
}
