"""Jobs: one at a time, and nothing is lost when supervisor, trainer or both are killed."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from finetune.jobs import RESTARTS, Job, Jobs, supervise
from finetune.project import Run
from finetune.status import is_running, process_start_time


def command(body: str) -> list[str]:
    return [sys.executable, "-c", f"import os, sys, time, pathlib\n{body}"]


def run_folder(home: Path, name: str = "1") -> Path:
    folder = home / "runs" / name
    folder.mkdir(parents=True)
    return folder


def until(condition: Callable[[], object], seconds: float = 20) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def the_job(jobs: Jobs, run_dir: Path) -> Job:
    job = jobs.job(run_dir)
    assert job is not None
    return job


def supervisors(home: Path) -> list[int]:
    import psutil

    found = []
    for process in psutil.process_iter(["cmdline", "status"]):
        words = process.info["cmdline"] or []
        if "finetune.jobs" in words and str(home) in words and process.info["status"] != psutil.STATUS_ZOMBIE:
            found.append(process.pid)
    return found


# Counts its starts in a file, and waits for a file "go" before it succeeds: a trainer that can be killed and resumed.
COUNT_AND_WAIT = """
run = pathlib.Path(sys.argv[1])
with open(run / 'starts', 'a') as f: f.write('x')
while not (run / 'go').exists(): time.sleep(0.02)
"""


def test_steps_run_in_order_and_the_log_is_kept(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [command("print('first')"), command("print('second')")])
    supervise(jobs)
    assert the_job(jobs, run_dir).state == "finished"
    assert (run_dir / "log.txt").read_text() == "first\nsecond\n"


def test_a_failed_step_ends_the_job_and_the_next_job_has_its_turn(home: Path) -> None:
    bad, good, jobs = run_folder(home, "1"), run_folder(home, "2"), Jobs(home)
    jobs.submit("dental", bad, [command("sys.exit(3)"), command("print('never')")])
    jobs.submit("dental", good, [command("")])
    supervise(jobs)
    assert (the_job(jobs, bad).state, the_job(jobs, bad).step) == ("failed", 0)
    assert "exit code 3" in the_job(jobs, bad).what
    assert "never" not in (bad / "log.txt").read_text()
    assert the_job(jobs, good).state == "finished"


def test_a_command_that_does_not_exist_fails_its_job_only(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [["/no/such/program"]])
    supervise(jobs)
    assert the_job(jobs, run_dir).state == "failed"


def test_the_place_in_the_queue_is_told(home: Path) -> None:
    jobs = Jobs(home)
    first, second = (jobs.submit("dental", run_folder(home, name), [command("")]) for name in "12")
    assert (jobs.position(first), jobs.position(second), jobs.position(99)) == (0, 1, None)


def test_a_run_submitted_twice_is_one_job(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    assert jobs.submit("dental", run_dir, [command("")]) == jobs.submit("dental", run_dir, [command("")])


def test_a_queued_job_is_cancelled_at_once_and_may_be_submitted_again(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.cancel(jobs.submit("dental", run_dir, [command("")]))
    assert the_job(jobs, run_dir).state == "cancelled"
    Run(run_dir).cancel.touch()
    jobs.submit("dental", run_dir, [command("")])
    assert not Run(run_dir).cancel.exists(), "or the trainer would stop at once"
    supervise(jobs)
    assert the_job(jobs, run_dir).state == "finished"


def test_a_running_job_is_asked_to_stop_and_its_later_steps_are_left_out(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    obedient = command("print('up', flush=True)\nwhile not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)")
    job_id = jobs.submit("dental", run_dir, [[*obedient, str(Run(run_dir).cancel)], command("print('evaluated')")])
    jobs.ensure_supervisor()
    until(lambda: (run_dir / "log.txt").exists() and (run_dir / "log.txt").read_text())
    jobs.cancel(job_id)
    until(lambda: the_job(jobs, run_dir).ended)
    assert the_job(jobs, run_dir).state == "cancelled"
    assert "evaluated" not in (run_dir / "log.txt").read_text()


def test_a_killed_trainer_is_started_again_but_not_for_ever(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [command("print('start', flush=True); os.kill(os.getpid(), 9)")])
    supervise(jobs)
    assert (run_dir / "log.txt").read_text().count("start") == RESTARTS + 1
    assert the_job(jobs, run_dir).state == "failed"
    assert "killed" in the_job(jobs, run_dir).what


def test_there_is_one_supervisor_and_it_ends_when_nothing_is_left(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [[*command(COUNT_AND_WAIT), str(run_dir)]])
    for _ in range(4):
        jobs.ensure_supervisor()
    until(lambda: (run_dir / "starts").exists())
    jobs.ensure_supervisor()
    until(lambda: len(supervisors(home)) == 1)
    (run_dir / "go").touch()
    until(lambda: the_job(jobs, run_dir).state == "finished")
    until(lambda: not supervisors(home))
    assert (run_dir / "starts").read_text() == "x"


def test_the_supervisor_does_not_end_with_the_process_that_started_it(home: Path) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [command("time.sleep(0.5); print('done')")])
    page = f"import pathlib; from finetune.jobs import Jobs; Jobs(pathlib.Path({str(home)!r})).ensure_supervisor()"
    assert os.spawnl(os.P_WAIT, sys.executable, sys.executable, "-c", page) == 0
    until(lambda: the_job(jobs, run_dir).state == "finished")


@pytest.mark.parametrize("victims", ["supervisor", "trainer", "both"])
def test_after_kill_9_the_job_goes_on(home: Path, victims: str) -> None:
    run_dir, jobs = run_folder(home), Jobs(home)
    jobs.submit("dental", run_dir, [[*command(COUNT_AND_WAIT), str(run_dir)], command("print('evaluated')")])
    jobs.ensure_supervisor()
    until(lambda: (run_dir / "starts").exists() and the_job(jobs, run_dir).pid)
    trainer = the_job(jobs, run_dir).pid
    assert trainer is not None
    if victims in ("supervisor", "both"):
        os.kill(supervisors(home)[0], signal.SIGKILL)
    if victims in ("trainer", "both"):
        os.kill(trainer, signal.SIGKILL)
    until(lambda: victims == "trainer" or not supervisors(home))
    # A dying process leaves the list a moment before it lets go of its lock, so the page's next look may be needed.
    until(lambda: jobs.ensure_supervisor() or supervisors(home))
    until(lambda: (run_dir / "starts").read_text() == ("x" if victims == "supervisor" else "xx"))
    (run_dir / "go").touch()
    until(lambda: the_job(jobs, run_dir).ended)
    assert the_job(jobs, run_dir).state == "finished"
    log = (run_dir / "log.txt").read_text()
    assert log.count("evaluated") == 1
    # A trainer that nobody waited for may have failed: whoever cannot know starts it once more, and it ends at once.
    assert (run_dir / "starts").read_text() == "xx"


def test_a_process_number_that_was_given_out_again_is_not_taken_for_the_trainer() -> None:
    start = process_start_time()
    assert start is not None
    assert is_running(os.getpid(), start)
    assert not is_running(os.getpid(), start - 60)
    assert not is_running(2**22 + 1, start)
