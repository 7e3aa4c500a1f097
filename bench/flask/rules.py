"""The generous rules, written as is usual in Python."""

import random
import re
import string

NO_PRIZE = ("", 0)

# Name, pattern, and prizes with their values in pence and chances in per cent. The
# remaining per cent mean no prize. The first pattern that matches applies.
RULES = [
    ("starts with A", r"(?i)^A", [("£100.00", 10000, 25), ("£50.00", 5000, 75)]),
    (
        "three of a digit in a row",
        r"000|111|222|333|444|555|666|777|888|999",
        [("£75.00", 7500, 20), ("£25.00", 2500, 80)],
    ),
    ("ends in 7", r"7$", [("£10.00", 1000, 50)]),
    ("has a 4", r"4", [("£20.00", 2000, 10), ("Mug", 800, 15)]),
    ("starts with another vowel", r"(?i)^[EIOU]", [("£5.00", 500, 25)]),
    ("number starts with 0", r"^[A-Za-z]+0", [("£2.00", 200, 50)]),
    ("everybody else", r"", [("£1.00", 100, 10)]),
]


def _compiled(name, pattern, prizes):
    choices = [(prize, value) for prize, value, _ in prizes] + [NO_PRIZE]
    chances = [chance for _, _, chance in prizes]
    return name, re.compile(pattern), choices, chances + [100 - sum(chances)]


COMPILED = [_compiled(*rule) for rule in RULES]


def text():
    return "".join(random.choices(string.ascii_lowercase, k=4))


def number():
    return "".join(random.choices(string.digits, k=4))


def award(account):
    """Returns the rule for an account number, its prize and the prize's value."""
    for name, pattern, choices, weights in COMPILED:
        if pattern.search(account):
            prize, value = random.choices(choices, weights)[0]
            return name, prize, value
    raise ValueError("no rule matches " + account)
