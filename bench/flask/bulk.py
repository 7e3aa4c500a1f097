"""Writes draws as CSV: bulk.py COUNT [PROCESSES]. Each process writes an equal share."""

import csv
import multiprocessing
import sys

import rules


def write(start, count):
    out = csv.writer(sys.stdout)
    for index in range(start, start + count):
        account = rules.text() + rules.number()
        name, prize, value = rules.award(account)
        out.writerow([index, account, name, prize, value, "GBP"])
    sys.stdout.flush()


def main():
    count = int(sys.argv[1])
    processes = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    if processes == 1:
        return write(0, count)
    share = count // processes
    running = [multiprocessing.Process(target=write, args=(i * share, share)) for i in range(processes)]
    for process in running:
        process.start()
    for process in running:
        process.join()


if __name__ == "__main__":
    main()
