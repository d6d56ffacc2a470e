"""How the programs of this folder measure."""

import time


def best(rounds, run):
    """The best time on the clock and of the processor, in nanoseconds."""
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        run()
        walls.append(time.perf_counter_ns() - wall)
        cpus.append(time.process_time_ns() - cpu)
    return f"{min(walls)} {min(cpus)}"
