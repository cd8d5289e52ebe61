#!/usr/bin/python3
"""Holds the tree to the habits of CONTRIBUTING.md: sizes, who may include whom, what is not written here.

Each check takes a file's path (relative to the root) and its text and yields (line number, complaint). Before the tree is read,
every check is shown that it complains of the bad examples at the end of this file and of none of the good ones.
"""
import ast
import os
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NOT_OURS = {".git", "build", "run", "node_modules", "__pycache__", ".cache"}
CODE = (".hpp", ".cpp", ".py", ".mjs", ".js", ".sh", ".cmake")
PROSE = (".md", ".txt", ".json", ".toml", ".yml")
FILE_LINES, FUNCTION_LINES, COLUMNS = 500, 70, 140


# --- Sizes ---------------------------------------------------------------------------------------------------------------------

def sizes(path, text):
    if not path.endswith(CODE):
        return
    lines = text.splitlines()
    if len(lines) > FILE_LINES:
        yield len(lines), f"{len(lines)} lines; a file has at most {FILE_LINES}"
    for number, line in enumerate(lines, 1):
        if len(line) > COLUMNS:
            yield number, f"{len(line)} columns; a line has at most {COLUMNS}"


def function_sizes(path, text):
    functions = cpp_functions(text) if path.endswith((".hpp", ".cpp")) else py_functions(text) if path.endswith(".py") else ()
    for first, last in functions:
        if last - first >= FUNCTION_LINES:
            yield first, f"a function of {last - first + 1} lines; it has at most {FUNCTION_LINES}"


def py_functions(text):
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node.lineno, node.end_lineno


def cpp_functions(text):
    """First and last line of every brace pair that opens in a namespace or class behind something with a parameter list. One
    statement is no matter how long: a function that gives back a table."""
    open_braces, start = [], 0  # (line, kind, place) of each; where the text before the next brace begins
    code = without_comments_and_texts(text)
    for match in re.finditer(r"[{};]", code):
        before, start = code[start:match.start()], match.end()
        line = code.count("\n", 0, match.start()) + 1
        if match[0] == "{":
            open_braces.append((line, kind_of_brace(before, open_braces), match.start()))
        elif match[0] == "}" and open_braces:
            first, kind, place = open_braces.pop()
            if kind == "function" and code.count(";", place, match.start()) > 1:
                yield first, line


def kind_of_brace(before, open_braces):
    if open_braces and open_braces[-1][1] != "scope":
        return "block"
    if re.search(r"\b(namespace|class|struct|union|enum)\b[^()=]*$", before) or 'extern "' in before:
        return "scope"
    return "function" if ")" in before else "block"


def without_comments_and_texts(code):
    """The same number of lines, with comments, raw strings, strings and characters emptied."""
    pattern = r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    return re.sub(pattern, lambda match: '""' + "\n" * match[0].count("\n"), code, flags=re.DOTALL)


# --- Rooms ---------------------------------------------------------------------------------------------------------------------

def read_rooms():
    """For each room, itself and all that it stands on, as CMakeLists.txt says."""
    direct = {}
    for match in re.finditer(r"^\s*capstan_room\((\w+)\s+DEPS([^)]*)\)", (ROOT / "CMakeLists.txt").read_text(), re.MULTILINE):
        direct[match[1]] = re.findall(r"capstan_(\w+)", match[2].split("PUBLIC")[0])
    below = {}
    for room, rooms in direct.items():  # the list is in the order of the house, the lowest first
        below[room] = {room}.union(*(below[other] for other in rooms))
    return below


ROOMS = read_rooms()
LIBRARIES = {  # who alone may include what begins so
    "rocksdb/": ("src/store/rocksdb/", "src/store/pch.hpp", "tests/store_contract/", "tests/unit/store/", "bench/"),
    "lmdb.h": ("src/store/lmdb/", "tests/store_contract/"),
    "boost/asio": ("examples/", "include/capstan/", "src/client/", "src/net/", "src/http/", "src/server/", "src/cli/", "tests/", "bench/"),
    "boost/beast": ("src/client/", "src/http/", "src/server/", "src/cli/", "tests/"),
    "openssl/": ("src/auth/", "src/client/transport/", "src/load/driver/", "src/net/", "src/server/", "src/cli/", "tests/unit/",
                 "bench/peers/"),
}


def includes(path, text):
    if not path.endswith((".hpp", ".cpp")):
        return
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
        if match:
            complaint = complaint_of_include(path, match[1] == "<", match[2])
            if complaint:
                yield number, complaint


def complaint_of_include(path, angled, name):
    for library, places in LIBRARIES.items():
        if name.startswith(library) and not path.startswith(places):
            return f"only {', '.join(places)} may include {library}"
    if path.startswith("include/capstan/amqp/"):
        if not angled or "/" in name and not name.startswith("capstan/amqp/"):
            return "a public header of the engine includes the standard library and <capstan/amqp/...>, nothing else"
    if path.startswith("src/") and path.count("/") > 1:
        return complaint_of_room(path.split("/")[1], angled, name)
    return None


def complaint_of_room(room, angled, name):
    if angled:
        other = room_of_public_header(name) if name.startswith("capstan/") else None
    else:
        other = name.split("/")[0]
        if other == "amqp" and room != "amqp":
            return "the engine is used through its public headers, <capstan/amqp/...>"
        if "/" not in name or ".." in name:
            return "an include is written from src: \"room/file.hpp\""
    if other and other not in ROOMS.get(room, ()):
        return f"{room} does not stand on {other} (CMakeLists.txt)"
    return None


def room_of_public_header(name):
    return "amqp" if name.startswith("capstan/amqp/") else "client"


# --- What is not written here --------------------------------------------------------------------------------------------------

CPP = r"^(src|include|tests|bench|fuzz)/.*\.[ch]pp$"
ANYTHING = r""
PATTERNS = [  # where (a path), what, complaint
    (ANYTHING, r"[ \t]+$", "blanks at the end of a line"),
    (r"^(?!Makefile$)", r"\t", "a tab"),
    (ANYTHING, r"\r", "a carriage return"),
    (ANYTHING, r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HACK)\b", "a note to self: do it, or write it where it is read"),
    (ANYTHING, r"(?<![\w.}:~-])/(home|root|work)/", "a path of one machine"),
    (ANYTHING, r"/tmp/bash", "a path of one machine"),
    (r"(^|/)package-lock\.json$", r'"resolved"', "a lock file names no registry (omit-lockfile-registry-resolved in .npmrc)"),
    (CPP, r"\busing\s+namespace\s+std\s*;", "using namespace std"),
    (r"^(src/(?!cli/|server/)|include/)", r"\bstd::(cout|cerr|clog)\b|\bf?printf\s*\(|\bfmt::print(ln)?\s*\(",
     "only cli and server write to the terminal"),
    (r"^(src/(?!base/|server/|cli/|client/|load/driver/)|include/capstan/amqp/)",
     r"\b\w*_clock::now\s*\(|\bsystem_wall_clock\b|\bgettimeofday\b|\bclock_gettime\b",
     "time is handed in (base/clock.hpp): only server, cli, client and load/driver read clocks"),
    (r"\.hpp$", r"^\s*#ifndef\s+\w+_H(PP)?_?\b", "headers begin with #pragma once"),
    (r"^tests/unit/.*\.cpp$", r"\bsleep_for\s*\(", "a unit test waits for a condition, not for time"),
]


def patterns(path, text):
    if path == "tests/tidy/tidy_test.py" or path == "LICENSE":
        return  # this file is made of what it forbids; the licence is not ours to lay out
    chosen = [(re.compile(what), complaint) for where, what, complaint in PATTERNS if re.search(where, path)]
    for number, line in enumerate(text.split("\n"), 1):
        for what, complaint in chosen:
            if what.search(line):
                yield number, complaint


def whole_file(path, text):
    if path.endswith(".hpp") and not re.match(r"(//[^\n]*\n)*#pragma once\n", text):
        yield 1, "headers begin with #pragma once"
    if text and not text.endswith("\n"):
        yield text.count("\n") + 1, "the last line has no end"


def co_awaits(path, text):
    """GCC 12 destroys these temporaries of a co_await expression twice: an aggregate in braces, a lambda that holds copies."""
    if not path.endswith((".hpp", ".cpp")):
        return
    code = without_comments_and_texts(text)
    for match in re.finditer(r"\bco_await\b", code):
        expression = rest_of_expression(code, match.end())
        number = code.count("\n", 0, match.start()) + 1
        for captures in re.findall(r"(?<![\w\])])\[([^\]\n]+)\]\s*(?:\(|\{|mutable\b|->)", expression):
            if any(not re.fullmatch(r"\s*(&.*|this)\s*", capture) for capture in captures.split(",")):
                yield number, "a lambda that holds copies inside co_await: name it first (GCC 12 destroys it twice)"
        if re.search(r"[(,]\s*\{\s*[^\s}]|\{\s*\.\w+\s*=", expression):
            yield number, "an aggregate in braces inside co_await: name it first (GCC 12 destroys it twice)"


def rest_of_expression(code, start):
    depth = 0
    for end in range(start, len(code)):
        if code[end] in "([{":
            depth += 1
        elif code[end] in ")]}":
            depth -= 1
        if depth < 0 or depth == 0 and code[end] == ";":
            return code[start:end]
    return code[start:]


def references(path, text):
    """What the pages say lies in the tree lies there."""
    if not path.endswith(".md"):
        return
    folder = (ROOT / path).parent
    for number, line in enumerate(text.splitlines(), 1):
        for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", line):
            if "://" not in link and not (folder / link).exists():
                yield number, f"a link to {link}, which is not there"
        for name in re.findall(r"`((?:src|include|tests|docs|scripts|cmake|bench|fuzz|examples)/[\w./-]+\w)`", line):
            if not (ROOT / name).exists():
                yield number, f"{name} is not there"


def settings(path, text):
    """Every key that can be set stands in the table of docs/configuration.md."""
    if path == "docs/configuration.md":
        table = (ROOT / "src/server/settings.cpp").read_text().split("table[] = {")[1]
        for key in re.findall(r'^ +\{"([a-z_]+\.[a-z_]+)"', table, re.MULTILINE):
            if f"| `{key}` |" not in text:
                yield 1, f"{key} is not in the table"


CHECKS = [sizes, function_sizes, includes, patterns, whole_file, co_awaits, references, settings]


# --- The tree ------------------------------------------------------------------------------------------------------------------

def our_files():
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(name for name in folders if name not in NOT_OURS)
        for name in sorted(files):
            path = pathlib.Path(folder, name)
            if name.endswith(CODE + PROSE) or name in ("Makefile", "LICENSE") or ".ci" in path.parts:
                yield path


def complaints_of_tree():
    for file in our_files():
        path = file.relative_to(ROOT).as_posix()
        text = file.read_text()
        for check in CHECKS:
            for number, complaint in check(path, text):
                yield f"{path}:{number}: {complaint}"


# --- The test of this test -----------------------------------------------------------------------------------------------------

LONG_FUNCTION = "namespace n {\nint f(int a) {\n" + "    a += 1; // }\n" * FUNCTION_LINES + "    return a;\n}\n} // namespace n\n"
BAD = [  # path, text, what must be complained of
    ("src/hub/x.cpp", "int a;\n" * 501, "lines; a file"),
    ("src/hub/x.cpp", "int " + "a" * 140 + ";\n", "columns"),
    ("src/hub/x.cpp", LONG_FUNCTION, "a function of"),
    ("src/hub/x.cpp", "struct s {\n" + LONG_FUNCTION.replace("namespace n", "class c") + "};\n", "a function of"),
    ("tests/x.py", "def f():\n" + "    pass\n" * 71, "a function of"),
    ("src/hub/x.cpp", '#include "server/config.hpp"\n', "hub does not stand on server"),
    ("src/auth/x.cpp", "#include <capstan/amqp/value.hpp>\n", "auth does not stand on amqp"),
    ("src/store/x.hpp", '#pragma once\n#include "hub/hub.hpp"\n', "store does not stand on hub"),
    ("src/hub/x.cpp", "#include <capstan/error.hpp>\n", "hub does not stand on client"),
    ("src/hub/x.cpp", '#include "amqp/engine.hpp"\n', "public headers"),
    ("src/hub/x.cpp", '#include "peer.hpp"\n', "written from src"),
    ("src/hub/x.cpp", "#include <boost/asio/post.hpp>\n", "may include boost/asio"),
    ("src/store/memory/x.cpp", "#include <rocksdb/db.h>\n", "may include rocksdb/"),
    ("include/capstan/amqp/x.hpp", '#pragma once\n#include "amqp/engine.hpp"\n', "public header"),
    ("include/capstan/amqp/x.hpp", "#pragma once\n#include <fmt/format.h>\n", "public header"),
    ("src/hub/x.cpp", "using namespace std;\n", "using namespace std"),
    ("src/hub/x.cpp", "\tint a;\n", "a tab"),
    ("README.md", "text \n", "blanks at the end"),
    ("README.md", "text\r\n", "carriage return"),
    ("README.md", "text", "no end"),
    ("src/hub/x.cpp", 'void f() { std::cout << "x"; }\n', "terminal"),
    ("src/amqp/x.cpp", "auto t = std::chrono::steady_clock::now();\n", "time is handed in"),
    ("src/hub/x.cpp", "system_wall_clock clock;\n", "time is handed in"),
    ("src/hub/x.cpp", "// TO" "DO: later\n", "note to self"),
    ("README.md", "see /home/someone/x\n", "one machine"),
    ("tests/clients/package-lock.json", '{"resolved": "x"}\n', "no registry"),
    ("src/hub/x.hpp", "#ifndef X_HPP\n#define X_HPP\n#endif\n", "#pragma once"),
    ("src/net/x.cpp", "co_await send({.name = name});\n", "an aggregate"),
    ("src/net/x.cpp", "co_await send(\n    {a, b}, c);\n", "an aggregate"),
    ("src/net/x.cpp", "co_await run([name] { use(name); });\n", "a lambda"),
    ("src/net/x.cpp", "co_await run([&a, b = std::move(b)]() mutable { use(b); });\n", "a lambda"),
    ("README.md", "[there](docs/nowhere.md)\n", "docs/nowhere.md"),
    ("README.md", "see `src/nowhere.cpp`\n", "is not there"),
    ("docs/configuration.md", "| `hub.hostnames` |\n", "listen.bind is not in the table"),
]
GOOD = [
    ("src/client/x.cpp", "#include <capstan/error.hpp>\n#include <capstan/amqp/value.hpp>\n"),
    ("src/hub/x.cpp", '#include "hub/hub.hpp"\n\n#include <capstan/amqp/value.hpp>\n#include <vector>\n\n#include "store/store.hpp"\n'),
    ("src/hub/x.cpp", "namespace n {\n" + "int f() {\n    return 1;\n}\n" * 60 + "} // namespace n\n"),
    ("tests/x.cpp", "rows all() {\n    return {\n" + "        {1, 2},\n" * 100 + "    };\n}\n"),
    ("src/hub/x.cpp", "const table t[] = {\n" + "    {1, f(2)},\n" * 100 + "};\n"),
    ("src/net/x.cpp", "void f() {\n    if (co_await run([&] { a(); }, t[i])) {\n        g({1, 2});\n    }\n    co_await h(t[a](b));\n}\n"),
    ("src/net/x.cpp", "co_await run([this] { close(); });\nco_await run([] { return 1; });\n"),
    ("src/server/x.cpp", "auto t = std::chrono::steady_clock::now(); // 'tis read here\n"),
    ("src/store/rocksdb/x.cpp", "#include <rocksdb/db.h>\n"),
    ("Makefile", "all:\n\techo\n"),
    ("README.md", "[the page](LICENSE), https://localhost/home/x, `CMakeLists.txt`\n"),
]


def complaints_of_self():
    for path, text, expected in BAD:
        found = [complaint for check in CHECKS for _, complaint in check(path, text)]
        if not any(expected in complaint for complaint in found):
            yield f"tidy_test.py: expected '{expected}' for {path}: {text[:60]!r}, got {found}"
    for path, text in GOOD:
        for check in CHECKS:
            for number, complaint in check(path, text):
                yield f"tidy_test.py: unexpected '{complaint}' for line {number} of {path}: {text[:60]!r}"


def main():
    complaints = list(complaints_of_self()) or list(complaints_of_tree())
    print(*complaints, sep="\n")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
