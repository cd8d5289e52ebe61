#!/usr/bin/python3
"""package_test.py BUILD: the libraries as others use them: installed, then found by CMake and by pkg-config; or as a part of their tree.

A consumer is configured, built and run each time. It is one example of the course, which connects to nobody: that it is refused in words
shows that all of it has been linked."""
import os
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
CONSUMER = ROOT / "tests/package/consumer.cpp"
PROJECT = """cmake_minimum_required(VERSION 3.25)
project(consumer LANGUAGES CXX)
set(CMAKE_CXX_STANDARD 23)
{find}
add_executable(consumer {source})
target_link_libraries(consumer PRIVATE capstan::client)
"""


def main():
    build = pathlib.Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        run("cmake", "--install", build, "--prefix", folder / "prefix", "--component", "development")
        the_hub(build, folder / "hub")
        by_find_package(folder)
        other_versions(folder)
        by_pkg_config(folder)
        by_add_subdirectory(folder)
    print("found by find_package, by pkg-config, and as a subdirectory")


def the_hub(build, prefix):
    """The program, with what shells and `man` want of it."""
    run("cmake", "--install", build, "--prefix", prefix, "--component", "hub")
    share = prefix / "share"
    for file in (prefix / "bin/capstan", share / "man/man1/capstan-device-simulate.1", share / "bash-completion/completions/capstan",
                 share / "zsh/site-functions/_capstan", share / "fish/vendor_completions.d/capstan.fish"):
        if not file.is_file() or not file.stat().st_size:
            sys.exit(f"{file} has not been installed")


def by_find_package(folder):
    check(with_cmake(folder / "find", "find_package(capstan 0.1 REQUIRED)", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}"))


def other_versions(folder):
    """Before 1.0 another minor version is another interface."""
    place = folder / "other"
    place.mkdir()
    (place / "CMakeLists.txt").write_text("""cmake_minimum_required(VERSION 3.25)
project(other LANGUAGES CXX)
find_package(capstan 0.0 QUIET)
if(capstan_FOUND)
  message(FATAL_ERROR "this version is taken for 0.0")
endif()
""")
    run("cmake", "-S", place, "-B", place / "build", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++", f"-DCMAKE_PREFIX_PATH={folder / 'prefix'}")


def by_add_subdirectory(folder):
    # The library is built once more; quickly, for it is not to be fast.
    check(with_cmake(folder / "sub", f"add_subdirectory({ROOT} capstan)"))


def with_cmake(place, find, *options):
    place.mkdir()
    (place / "CMakeLists.txt").write_text(PROJECT.format(find=find, source=CONSUMER))
    run("cmake", "-S", place, "-B", place / "build", "-G", "Ninja", "-DCMAKE_CXX_COMPILER=g++", *options)
    run("cmake", "--build", place / "build", "--target", "consumer")
    return place / "build/consumer"


def by_pkg_config(folder):
    paths = [str(path) for path in (folder / "prefix").rglob("pkgconfig")]
    flags = run("pkg-config", "--cflags", "--libs", "capstan-client", PKG_CONFIG_PATH=":".join(paths)).split()
    program = folder / "by-pkg-config"
    run("g++", "-o", program, CONSUMER, *flags)
    check(program)


def check(program):
    done = subprocess.run([program], capture_output=True, text=True, timeout=60)
    expected = "invalid argument: "
    if done.returncode != 0 or expected not in done.stdout:
        sys.exit(f"{program}: status {done.returncode}: {done.stdout}{done.stderr}")


def run(*command, **environment):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env={**os.environ, **environment})
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


main()
