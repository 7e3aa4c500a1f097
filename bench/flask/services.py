"""The four services in Flask, with the routes and responses of prizegen.

Run them with gunicorn 'services:text()' and so on. The core calls the others at
TEXT_URL, NUMBER_URL and PRIZE_URL over persistent connections and stores plays in
the SQLite file DB.
"""

import os
import sqlite3
import threading

import requests
from flask import Flask, jsonify, request

import rules


def text():
    app = Flask("text")

    @app.get("/v1/text")
    def texts():
        count = int(request.args.get("count", 1))
        return jsonify(format="lower4", texts=[rules.text() for _ in range(count)])

    return app


def number():
    app = Flask("number")

    @app.get("/v1/number")
    def numbers():
        count = int(request.args.get("count", 1))
        return jsonify(format="digits4", numbers=[rules.number() for _ in range(count)])

    return app


def prize():
    app = Flask("prize")
    app.get("/ready")(lambda: "")

    @app.post("/v1/prize")
    def outcomes():
        return jsonify(rules="generous", outcomes=[outcome(a) for a in request.get_json()["accounts"]])

    return app


def outcome(account):
    rule, name, value = rules.award(account)
    won = {"name": name, "value": value, "currency": "GBP"} if name else None
    return {"account": account, "rule": rule, "prize": won}


def core():
    app = Flask("core")
    app.get("/ready")(lambda: "")
    services = Services()
    store = Store(os.environ["DB"])

    @app.post("/v1/draws")
    def draws():
        body = request.get_json()
        if "campaign" not in body:
            return jsonify(draws=[services.draw()])
        key = request.headers["Idempotency-Key"]
        played = store.find(key)
        while played is None:
            played = store.add(key, body["entrant"], services.draw())
        return jsonify(played), 201

    return app


class Services:
    """The other three services, over one persistent connection per thread."""

    def __init__(self):
        self.text = os.environ["TEXT_URL"] + "/v1/text"
        self.number = os.environ["NUMBER_URL"] + "/v1/number"
        self.prize = os.environ["PRIZE_URL"] + "/v1/prize"
        self.local = threading.local()

    def session(self):
        if not hasattr(self.local, "session"):
            self.local.session = requests.Session()
        return self.local.session

    def draw(self):
        session = self.session()
        text = session.get(self.text, timeout=60)
        text.raise_for_status()
        number = session.get(self.number, timeout=60)
        number.raise_for_status()
        account = text.json()["texts"][0] + number.json()["numbers"][0]
        prize = session.post(self.prize, json={"accounts": [account]}, timeout=60)
        prize.raise_for_status()
        return prize.json()["outcomes"][0]


class Store:
    """Stores plays in SQLite. Each is on disk before its response is sent."""

    def __init__(self, path):
        self.path = path
        self.local = threading.local()
        self.connection().executescript(
            """
            CREATE TABLE IF NOT EXISTS plays (
                id INTEGER PRIMARY KEY, account TEXT NOT NULL UNIQUE, rule TEXT NOT NULL,
                prize TEXT, value INTEGER, once_key TEXT NOT NULL UNIQUE,
                first_name TEXT NOT NULL, last_name TEXT NOT NULL
            );
            """
        )

    def connection(self):
        if not hasattr(self.local, "db"):
            self.local.db = sqlite3.connect(self.path, timeout=60)
            self.local.db.execute("PRAGMA journal_mode=WAL")
            self.local.db.execute("PRAGMA synchronous=FULL")
        return self.local.db

    def find(self, key):
        row = self.connection().execute(
            "SELECT id, account, rule, prize, value FROM plays WHERE once_key = ?", (key,)
        ).fetchone()
        return None if row is None else answer(*row)

    def add(self, key, entrant, draw):
        """Stores a play. Returns None if its account number already exists."""
        won = draw["prize"] or {"name": None, "value": None}
        try:
            with self.connection() as db:
                row = db.execute(
                    "INSERT INTO plays (account, rule, prize, value, once_key, first_name, last_name)"
                    " VALUES (?, ?, ?, ?, ?, ?, ?)",
                    (draw["account"], draw["rule"], won["name"], won["value"], key,
                     entrant["first_name"], entrant["last_name"]),
                )
        except sqlite3.IntegrityError:
            return self.find(key)
        return answer(row.lastrowid, draw["account"], draw["rule"], won["name"], won["value"])


def answer(index, account, rule, prize, value):
    won = {"name": prize, "value": value, "currency": "GBP"} if prize else None
    return {"index": index - 1, "account": account, "rule": rule, "prize": won}
