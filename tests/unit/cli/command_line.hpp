#pragma once
// Runs the program as a shell would, and keeps what it prints.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "cli/run.hpp"

namespace capstan::test {

struct printed {
    int code;
    std::string out;
    std::string err;
};

inline printed run_capstan(std::vector<std::string> arguments) {
    std::vector<const char*> argv = {"capstan"};
    for (const std::string& one : arguments)
        argv.push_back(one.c_str());
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    const int code = cli::run(static_cast<int>(argv.size()), argv.data());
    std::fflush(stdout);
    std::fflush(stderr);
    std::string out = testing::internal::GetCapturedStdout();
    return {code, std::move(out), testing::internal::GetCapturedStderr()};
}

} // namespace capstan::test
