#include "cli/run.hpp"

int main(int argc, char** argv) { return capstan::cli::run(argc, argv); }
