"""The sandbox: what hostile programs try, as root and as an ordinary user, comes to nothing."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmarks.sandbox import Limits, Outcome, run, run_all
from isogloss.errors import IsoglossError

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Linux only")

ROOT = Path(__file__).parents[3]
SMALL = {"memory_mib": 128, "processes": 16, "output_kib": 64, "files_mib": 1}
PATIENT = Limits(seconds=20, cpu_seconds=10, **SMALL)
BRIEF = Limits(seconds=0.7, cpu_seconds=5, **SMALL)
NOBODY_ELSE = 34567

LATE = "took longer than 0.7 s"
RIGHT = "\ndef answer():\n    return 42\n"
TESTS = "assert answer() == 42"

#: Programs that must fail, and why they are said to. Each answers rightly, if it comes to that.
BRIEFLY = {
    "an endless loop": ("while True: pass", LATE),
    "a long sleep": ("import time; time.sleep(600)", LATE),
    "nothing can stop it": (
        "while True:\n try:\n  while True: pass\n except BaseException: pass",
        LATE,
    ),
    "deaf to signals": (
        "import signal\nfor one in signal.valid_signals() - {9, 19}:\n"
        " signal.signal(one, signal.SIG_IGN)\nwhile True: pass",
        LATE,
    ),
    "stops itself": ("import os, signal; os.kill(os.getpid(), signal.SIGSTOP)", LATE),
    "a fork bomb": (
        "import os\nwhile True:\n try: os.fork()\n except OSError: pass",
        LATE,
    ),
    "a thread without end": (
        "import threading, time\ndef answer():\n"
        " threading.Thread(target=time.sleep, args=(600,)).start(); return 42\n",
        LATE,
    ),
    "never ends at exit": ("import atexit, time; atexit.register(time.sleep, 600)", LATE),
    "waits for its tests": (
        "import os, stat\nfor one in range(3, 64):\n try:\n"
        "  if stat.S_ISSOCK(os.fstat(one).st_mode): os.read(one, 9)\n except OSError: pass",
        LATE,
    ),
}
PATIENTLY = {
    "more processes than allowed": ("import os\nfor _ in range(20): os.fork()", "BlockingIOError"),
    "more threads than allowed": (
        "import threading, time\nfor _ in range(20):\n"
        " threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "can't start new thread",
    ),
    "kills its parent": ("import os; os.kill(os.getppid(), 9); os._exit(0)", "ended before"),
    "kills everyone": ("import os; os.kill(-1, 9)", "ProcessLookupError|signal 9"),
    "kills its group": ("import os; os.kill(0, 9)", "signal 9"),
    "much output": ("while True: print('x' * 4096)", "wrote more than 64 KiB"),
    "much output as errors": ("import os\nwhile True: os.write(2, b'x' * 4096)", "wrote more"),
    "much memory": ("x = bytearray(10**10)", "MemoryError"),
    "much memory in pieces": ("x = []\nwhile True: x.append(bytearray(10**6))", "MemoryError"),
    "much memory among many": (
        "import os, time\nfor _ in range(12):\n if not os.fork():\n"
        "  x = bytearray(os.urandom(1)) * (60 << 20); time.sleep(60)\ntime.sleep(60)",
        "used more memory than it may",
    ),
    "memory of nobody": ("import os; os.memfd_create('x')", "PermissionError"),
    "a large file": ("open('x', 'wb').write(bytes(2 << 20))", "OSError|too large"),
    "many files": (
        "for n in range(99): open(str(n), 'wb').write(bytes(1 << 19))",
        "No space left",
    ),
    "leaves early": ("import sys; sys.exit(0)", "SystemExit"),
    "leaves at once": ("import os; os._exit(0)", "ended before its tests did"),
    "leaves while tested": ("def answer():\n import os; os._exit(0)", "ended before its tests"),
    "leaves while tested, politely": ("def answer():\n raise SystemExit(0)", "SystemExit"),
    "complains at exit": ("import atexit, os; atexit.register(os._exit, 3)", "status 3"),
    "says it passed": ("print('passed')\ndef answer(): print('passed'); return 0", "Assertion"),
    "says it to everyone": (
        "import os\nfor one in range(3, 64):\n"
        " try: os.write(one, b'passed\\nloaded\\npassed\\n')\n except OSError: pass\nos._exit(0)",
        "ended before",
    ),
    "closes everything": ("import os; os.closerange(0, 256)\ndef answer(): return 42", "."),
    "deep recursion": ("def f(): f()\nf()", "RecursionError"),
    "deeper recursion": (
        "import sys; sys.setrecursionlimit(10**9)\nx = []\nfor _ in range(10**6): x = [x]\nrepr(x)",
        "signal 11|MemoryError",
    ),
    "a null pointer": ("import ctypes; ctypes.string_at(0)", "signal 11"),
    "an abort": ("import os; os.abort()", "signal 6"),
    "a thread left behind": (
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(9,), daemon=True).start()",
        "left threads or processes running",
    ),
    "a daemon left behind": (
        "import os, time\nif not os.fork():\n os.setsid()\n if not os.fork(): time.sleep(600)\n"
        " os._exit(0)\nos.wait()",
        "left threads or processes running",
    ),
    "not Python": ("this is no program", "SyntaxError"),
    "a null byte": ("x = '\0'", "null bytes"),
    "half a surrogate": ("x = '\ud800'", "UnicodeEncodeError|surrogates"),
    "an exception that cannot be shown": (
        "class E(Exception):\n def __str__(self): raise self\nraise E",
        "cannot be shown",
    ),
    "no answer": ("", "NameError"),
    "a socket": ("import socket; socket.create_connection(('127.0.0.1', 80), 1)", "Permission"),
    "writes outside": ("open('/x', 'w')", "Read-only file system"),
    "writes to Python": ("import os; open(os.__file__, 'a')", "Read-only|Permission"),
    "opens up the kernel's settings": (
        "open('/proc/sys/user/max_user_namespaces', 'w').write('9')",
        "Read-only|Permission",
    ),
    "a link to what is outside": (
        "import os; os.symlink('/etc/passwd', 'x'); open('x')",
        "FileNotFoundError",
    ),
    "a link in a circle": ("import os; os.symlink('x', 'x'); open('x')", "Too many levels"),
    "a look into the first process": ("open('/proc/1/mem', 'rb')", "PermissionError"),
    "namespaces of its own": (
        "import ctypes\ndef answer(): return 42 + ctypes.CDLL(None).unshare(0x10000000)",
        "AssertionError",
    ),
    "a tracer": (
        "import ctypes\ndef answer(): return 42 + ctypes.CDLL(None).ptrace(16, 1, 0, 0)",
        "AssertionError",
    ),
}

#: Programs that may try what they like, and their tests, which must pass.
HARMLESS = {
    "the right answer": (RIGHT, TESTS),
    "kills the first process": ("import os; os.kill(1, 9); os.kill(1, 19); os.kill(1, 2)", ""),
    "much within limits": ("x = bytearray(30 << 20); print('x' * 9000)", "assert len(x)"),
    "its own files": (
        "import tempfile, os\nwith tempfile.TemporaryFile() as f: f.write(b'x' * 9000)\n"
        "os.mkdir('a'); os.symlink('/', 'a/b')",
        "assert os.getcwd() == '/scratch' and os.listdir() == ['a']",
    ),
    "deletes all it can": (
        "import os, shutil\nfor one in os.listdir('/'): shutil.rmtree('/' + one, True)" + RIGHT,
        TESTS,
    ),
    "closes its output": ("import os; os.close(1); os.close(2)" + RIGHT, TESTS),
    "is no script": ("if __name__ == '__main__': raise SystemExit(1)" + RIGHT, TESTS),
    "a class of its own": (
        "import dataclasses, pickle\n@dataclasses.dataclass\nclass P:\n    x: int\n",
        "assert pickle.loads(pickle.dumps(P(1))) == P(1) and P.__annotations__['x'] is int",
    ),
    "the standard library": (
        "import asyncio, bz2, decimal, hashlib, json, re, sqlite3, statistics, subprocess, zlib",
        "assert hashlib.md5(b'').hexdigest() and asyncio.run(asyncio.sleep(0, 42)) == 42",
    ),
    "nobody of interest": (
        "import os\nstatus = dict(l.split(':', 1) for l in open('/proc/self/status'))",
        "assert os.getuid() == os.geteuid() == os.getgid() == 1000\n"
        "assert int(status['CapEff'], 16) == int(status['CapPrm'], 16) == 0\n"
        "assert status['NoNewPrivs'].strip() == '1' and status['Seccomp'].strip() == '2'\n"
        "assert os.uname().nodename == 'sandbox'",
    ),
    "no tests before their time": (
        "import gc, os, sys\nseen = [o for o in gc.get_objects() if 'xyzzy' in str(type(o))]\n"
        "text = open('/proc/self/cmdline').read() + repr(sys._getframe(1).f_locals)\n"
        "own = [n for n in os.listdir('.')]",
        "xyzzy = 1\nassert not seen and 'xyzzy' not in text and own == []",
    ),
    "one order of sets": ("print({'a', 'b', 'c'})", "assert hash('a') == %d"),
    "nothing but Python": (
        "import os, sys\ndef there(path):\n    return os.path.exists(path)\n"
        "mapped = [line.split()[-1] for line in open('/proc/self/maps') if '.so' in line]\n"
        "known = [os.path.realpath(p) for p in sys.path + [os.path.dirname(m) for m in mapped]]\n"
        "held = [f for f, _, names in os.walk('/') if names and f[:5] not in ('/proc', '/dev')]\n",
        "assert held and not [f for f in held if not any((f + '/').startswith(k + '/')"
        " for k in known) and f != '/']\n"
        "assert set(os.listdir('/dev')) == {'null', 'zero', 'random', 'urandom'}\n"
        "assert not there(%r) and not there(%r) and not there('/etc') and not there('/sys')",
    ),
    "no environment": (
        "import os",
        "assert not {'SECRET_TOKEN', 'PATH', 'USER'} & set(os.environ), os.environ\n"
        "assert 'hunter2' not in open('/proc/self/environ').read()\n"
        "pids = [int(name) for name in os.listdir('/proc') if name.isdigit()]\n"
        "assert sorted(pids) == [1, os.getpid()]",
    ),
    "no packages": (
        "import sys, os\nhow = []\nfor name in ('pip', 'polars', 'benchmarks', 'isogloss'):\n"
        "    try: how.append(__import__(name))\n    except ImportError: pass\n"
        "packages = [f for p in sys.path for f in [p + '/site-packages'] if os.path.isdir(f)]",
        "assert how == [] and not [os.listdir(f) for f in packages if os.listdir(f)]",
    ),
    "a daemon of the tested function": (
        "import os, time\ndef answer():\n if not os.fork():\n  os.setsid()\n"
        "  if not os.fork(): time.sleep(600)\n  os._exit(0)\n os.wait(); return 42",
        TESTS,
    ),
}

Jobs = list[tuple[str, str]]

_OTHER = """
import json, sys
from benchmarks.sandbox import Limits, run_all
out = [[[o.passed, o.reason] for o in run_all(jobs, Limits(**limits))]
       for jobs, limits in json.load(sys.stdin)]
print(json.dumps(out))
"""


def readable_python() -> tuple[str, dict[str, str]] | None:
    """Return a Python that any user may run, and its environment; None where there is none."""
    environment = {
        "PYTHONPATH": f"{ROOT}:{sysconfig.get_path('purelib')}", "PYTHONDONTWRITEBYTECODE": "1",
        "SECRET_TOKEN": "hunter2",
    }  # fmt: skip
    minor = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in (sys.executable, f"/usr/bin/{minor}", f"/usr/local/bin/{minor}"):
        try:
            done = subprocess.run(
                [python, "-c", "import benchmarks.sandbox"], cwd="/", env=environment,
                capture_output=True, user=NOBODY_ELSE, group=NOBODY_ELSE, extra_groups=[],
            )  # fmt: skip
        except OSError:
            continue
        if done.returncode == 0:
            return python, environment
    return None


def as_another(batches: list[tuple[Jobs, Limits]]) -> list[list[Outcome]]:
    """Run programs as a user without privileges."""
    if os.geteuid() != 0:
        pytest.skip("only root can be somebody else; the other half runs as an ordinary user")
    found = readable_python()
    if found is None:
        pytest.skip("no Python here that another user may run")
    python, environment = found
    asked = json.dumps([(jobs, limits.model_dump()) for jobs, limits in batches])
    done = subprocess.run(
        [python, "-c", _OTHER], input=asked, capture_output=True, text=True, cwd="/",
        env=environment, user=NOBODY_ELSE, group=NOBODY_ELSE, extra_groups=[], timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return [[Outcome(*one) for one in batch] for batch in json.loads(done.stdout)]


def mine(starter: int) -> list[psutil.Process]:
    """Return the processes of sandboxes that a process has started; forks keep the command line."""
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        if (
            line
            and line[-1] == str(starter)
            and any(part.endswith("sandbox/inside/start.py") for part in line)
        ):
            found.append(process)
    return found


@pytest.fixture(scope="module")
def canary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("canary") / "file"
    path.write_text("as it was")
    return path


@pytest.fixture(scope="module", params=["oneself", "another"])
def outcomes(request: pytest.FixtureRequest, canary: Path) -> Iterator[dict[str, Outcome]]:
    """Every program's outcome, run as oneself (root, often) or as another, ordinary user."""
    harmless = {
        "one order of sets": (seeded_hash(),),
        "nothing but Python": (str(ROOT / "pyproject.toml"), str(canary)),
    }
    names = [*BRIEFLY, *PATIENTLY, *HARMLESS]
    brief = [(f"{RIGHT}{program}", TESTS) for program, _ in BRIEFLY.values()]
    patient = [(f"{RIGHT}{program}", TESTS) for program, _ in PATIENTLY.values()]
    patient[list(PATIENTLY).index("no answer")] = ("", TESTS)
    patient += [
        (program, tests % harmless[name] if name in harmless else tests)
        for name, (program, tests) in HARMLESS.items()
    ]
    batches = [(brief, BRIEF), (patient, PATIENT)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SECRET_TOKEN", "hunter2")
        if request.param == "another":
            made = as_another(batches)
        else:
            made = [run_all(jobs, limits) for jobs, limits in batches]
    yield dict(zip(names, (one for batch in made for one in batch), strict=True))
    assert mine(os.getpid()) == []
    assert canary.read_text() == "as it was"


def seeded_hash() -> int:
    command = [sys.executable, "-c", "print(hash('a'))"]
    return int(subprocess.check_output(command, env={**os.environ, "PYTHONHASHSEED": "0"}))


@pytest.mark.parametrize("name", [*BRIEFLY, *PATIENTLY])
def test_hostile_programs_fail_and_are_told_why(name: str, outcomes: dict[str, Outcome]) -> None:
    _, why = (BRIEFLY | PATIENTLY)[name]
    assert not outcomes[name].passed
    assert re.search(why, outcomes[name].reason), outcomes[name].reason
    assert "\n" not in outcomes[name].reason


@pytest.mark.parametrize("name", list(HARMLESS))
def test_what_comes_to_nothing_does_no_harm(name: str, outcomes: dict[str, Outcome]) -> None:
    assert outcomes[name] == Outcome(True, "passed")


def test_nothing_is_left_running_and_nothing_changes(canary: Path) -> None:
    library = Path(os.__file__)
    watched = [canary, library, Path(__file__), ROOT / "benchmarks" / "sandbox" / "__init__.py"]
    before = [(path.stat().st_mtime_ns, path.read_bytes()) for path in watched]
    targets = [str(path) for path in watched]
    vandal = (
        "import os, time\n"
        f"for path in {targets!r}:\n"
        "    for deed in (os.unlink, lambda p: os.truncate(p, 0), lambda p: os.rename(p, p + 'x')):\n"
        "        try: deed(path)\n        except OSError: pass\n"
        "def answer():\n    for _ in range(5):\n        if not os.fork():\n"
        "            os.setsid()\n            while True: time.sleep(1)\n"
        "    time.sleep(60)\n"
    )
    folder = sorted(path.name for path in canary.parent.iterdir())
    outcome = run(vandal, TESTS, BRIEF)
    assert outcome.reason == LATE
    assert mine(os.getpid()) == []
    assert before == [(path.stat().st_mtime_ns, path.read_bytes()) for path in watched]
    assert folder == sorted(path.name for path in canary.parent.iterdir())


def test_a_sandbox_does_not_outlive_its_starter() -> None:
    code = "from benchmarks.sandbox import Limits, run; run('while True: pass', '')"
    starter = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT)
    try:
        awaited(lambda: len(mine(starter.pid)) >= 3)
        starter.send_signal(signal.SIGKILL)
        starter.wait()
        awaited(lambda: mine(starter.pid) == [])
    finally:
        starter.kill()
        starter.wait()


def awaited(condition: Any, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def test_tests_decide_and_see_the_program() -> None:
    program = "from math import pi\n_hidden = 2\ndef twice(x):\n    return _hidden * x\n"
    assert run(program, "assert twice(3) == 6 and pi > 3", PATIENT).passed
    failed = run(program, "assert twice(3) == 7, 'not seven'", PATIENT)
    assert failed == Outcome(False, "AssertionError: not seven")
    assert run(program, "twice(", PATIENT).reason.startswith("SyntaxError")
    assert run("", "", PATIENT).passed


def test_outcomes_keep_their_order_for_any_number_of_workers() -> None:
    jobs = [
        (f"import time; time.sleep({0.2 if number % 3 == 0 else 0})", f"assert {number} % 2")
        for number in range(9)
    ]
    one, four = (run_all(jobs, PATIENT, workers=workers) for workers in (1, 4))
    assert one == four
    assert [outcome.passed for outcome in one] == [bool(number % 2) for number in range(9)]
    assert run_all([], PATIENT) == []


def test_processor_time_is_limited() -> None:
    limits = Limits(seconds=60, cpu_seconds=1, **SMALL)
    assert run("while True: pass", "", limits).reason == "was ended by signal 9"


def test_limits_are_checked() -> None:
    with pytest.raises(ValueError, match="greater than 0"):
        Limits(seconds=0)
    with pytest.raises(ValueError, match="greater than or equal to 64"):
        Limits(memory_mib=1)


def test_elsewhere_nothing_is_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(IsoglossError, match=r"cannot be run safely here: .*this is darwin"):
        run("", "")


@pytest.mark.skipif(shutil.which("unshare") is None, reason="no unshare(1) to forbid with")
def test_where_the_kernel_forbids_it_nothing_is_run() -> None:
    """In a user namespace that may have none of its own, as where an administrator forbids them."""
    code = (
        "from benchmarks.sandbox import run\nfrom isogloss.errors import IsoglossError\n"
        "try: run('print(1)', '')\nexcept IsoglossError as error: print(error)"
    )
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = ["unshare", "-Ur", "sh", "-c", forbid, "sh", sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    if not done.stdout and "unshare" in done.stderr:
        pytest.skip(f"no user namespace to forbid them in: {done.stderr}")
    assert done.stdout.startswith("sandbox: programs cannot be run safely here: unshare: ")
    assert "--privileged" in done.stdout
