"""rhea as a client of our server engine: rhea_client.mjs, with the npm packages of tests/clients."""
import pathlib
import subprocess
import sys

from interop import check, expect_equal, main

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "clients"))


def rhea(name):
    def run(port):
        expect_equal(subprocess.run(["node", HERE / "rhea_client.mjs", str(port), name]).returncode, 0, "status of node")
    run.__name__ = name
    check(run)


if __name__ == "__main__":
    import run
    run.install_npm_packages()
    for case in ("messages_come_back", "outcomes_of_what_we_refuse", "released_messages_come_again", "settled_both_ways", "drain",
                 "refused_links", "many_messages_with_little_credit"):
        rhea(case)
    main()
