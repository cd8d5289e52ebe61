"""The load tool, `capstan bench`, and what its reports are to the comparison."""
import json
import subprocess

from .processes import Failed, run


class LoadTool:
    def __init__(self, program):
        self.program = program
        done = subprocess.run([program, "bench", "--help"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        self.help = done.stdout

    def command(self, mode, target, **options):
        """`options` are those of the tool, with _ for -; True is a flag, None is left out."""
        if mode not in self.help:
            raise Failed(f"capstan bench has no {mode}")
        command = [self.program, "bench", mode, *target, "-o", "json"]
        for name, value in options.items():
            if value is not None and value is not False:
                command += ["--" + name.replace("_", "-"), *([] if value is True else [str(value)])]
        return [str(part) for part in command]

    def run(self, mode, target, limit=None, **options):
        """One measurement. Failed when the server did not do its part."""
        limit = limit or 60 + 3 * (options.get("duration") or 10)
        try:
            report = json.loads(run(self.command(mode, target, **options), limit))
        except subprocess.TimeoutExpired as error:
            raise Failed(f"capstan bench {mode}: not done in {limit} s") from error
        if not report["messages"] and mode != "idle":
            raise Failed(f"capstan bench {mode}: nothing went through: {report['problem']}")
        if mode != "storm" and report["connections"] < options.get("connections", 1):
            raise Failed(f"capstan bench {mode}: {report['connections']} connections of {options['connections']}: {report['problem']}")
        return report

    def begin(self, mode, target, **options):
        """In the background, while something else is measured; end() gives the report."""
        return subprocess.Popen(self.command(mode, target, **options), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)

    @staticmethod
    def end(process, limit=120):
        try:
            out, problem = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired as error:
            process.kill()
            process.wait()
            raise Failed(f"the load in the background was not done in {limit} s") from error
        if process.returncode:
            raise Failed(f"the load in the background: {problem.strip()[-500:]}")
        return json.loads(out)
