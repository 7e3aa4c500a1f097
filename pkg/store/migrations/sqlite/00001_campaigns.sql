-- +goose Up
-- Times are milliseconds since 1970 in UTC, flags are 0 or 1, indexes are below 2^63.

CREATE TABLE campaigns (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          TEXT    NOT NULL UNIQUE,
  title         TEXT    NOT NULL,
  state         TEXT    NOT NULL CHECK (state IN ('draft', 'open', 'closed')),
  text_format   TEXT    NOT NULL,
  number_format TEXT    NOT NULL,
  rules         TEXT    NOT NULL,
  rules_sha256  TEXT    NOT NULL,
  rules_yaml    TEXT    NOT NULL,
  currency      TEXT    NOT NULL,
  opens_at      INTEGER,
  closes_at     INTEGER,
  max_plays     INTEGER NOT NULL CHECK (max_plays >= 0),
  require_email INTEGER NOT NULL CHECK (require_email IN (0, 1)),
  commitment    TEXT    NOT NULL,
  secret        TEXT    NOT NULL, -- the seed
  next_index    INTEGER NOT NULL,
  plays         INTEGER NOT NULL,
  skipped       INTEGER NOT NULL,
  created_at    INTEGER NOT NULL,
  opened_at     INTEGER,
  closed_at     INTEGER,
  version       INTEGER NOT NULL,
  CHECK (next_index = plays + skipped),
  CHECK ((state = 'draft') = (secret = ''))
) STRICT;

CREATE TABLE prizes (
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id) ON DELETE CASCADE,
  place       INTEGER NOT NULL,
  name        TEXT    NOT NULL,
  value       INTEGER NOT NULL,
  stock       INTEGER,
  awarded     INTEGER NOT NULL CHECK (awarded >= 0),
  PRIMARY KEY (campaign_id, place),
  CHECK (stock IS NULL OR awarded <= stock)
) STRICT, WITHOUT ROWID;

CREATE TABLE entrants (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  first_name TEXT    NOT NULL,
  last_name  TEXT    NOT NULL,
  email      TEXT    NOT NULL,
  identity   TEXT    NOT NULL, -- whose plays count together
  sort_name  TEXT    NOT NULL, -- the last name without upper and lower case
  created_at INTEGER NOT NULL,
  UNIQUE (identity, first_name, last_name)
) STRICT;

CREATE INDEX entrants_by_name ON entrants (sort_name);

CREATE TABLE draws (
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  draw_index  INTEGER NOT NULL CHECK (draw_index >= 0),
  account     TEXT    NOT NULL,
  outcome     INTEGER NOT NULL, -- by chance
  awarded     INTEGER,          -- place of the prize, null for none
  secret      BLOB    NOT NULL, -- of the address of the draw
  played_at   INTEGER NOT NULL,
  entrant_id  INTEGER REFERENCES entrants (id) ON DELETE SET NULL,
  once_key    BLOB,
  request     BLOB,
  claimed_at  INTEGER,
  claim_note  TEXT,
  voided_at   INTEGER,
  void_reason TEXT,
  PRIMARY KEY (campaign_id, draw_index),
  UNIQUE (campaign_id, account)
) STRICT, WITHOUT ROWID;

CREATE UNIQUE INDEX draws_once ON draws (once_key) WHERE once_key IS NOT NULL;
CREATE INDEX draws_of_entrant ON draws (entrant_id, campaign_id) WHERE entrant_id IS NOT NULL;
CREATE INDEX draws_won ON draws (campaign_id, draw_index) WHERE awarded IS NOT NULL;
CREATE INDEX draws_by_prize ON draws (campaign_id, awarded, draw_index) WHERE awarded IS NOT NULL;
CREATE INDEX draws_unclaimed ON draws (campaign_id, draw_index) WHERE awarded IS NOT NULL AND claimed_at IS NULL AND voided_at IS NULL;
CREATE INDEX draws_claimed ON draws (campaign_id, draw_index) WHERE claimed_at IS NOT NULL;
CREATE INDEX draws_voided ON draws (campaign_id, draw_index) WHERE voided_at IS NOT NULL;

CREATE TABLE skipped (
  campaign_id INTEGER NOT NULL REFERENCES campaigns (id),
  draw_index  INTEGER NOT NULL,
  account     TEXT    NOT NULL,
  PRIMARY KEY (campaign_id, draw_index)
) STRICT, WITHOUT ROWID;

CREATE TABLE changes (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  changed_at INTEGER NOT NULL,
  actor      TEXT    NOT NULL,
  action     TEXT    NOT NULL,
  subject    TEXT    NOT NULL,
  detail     TEXT    NOT NULL
) STRICT;

CREATE INDEX changes_of_subject ON changes (subject, id);

CREATE TABLE sessions (
  token_sha256 BLOB    PRIMARY KEY,
  data         BLOB    NOT NULL,
  expires_at   INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX sessions_by_end ON sessions (expires_at);

-- +goose Down
DROP TABLE sessions;
DROP TABLE changes;
DROP TABLE skipped;
DROP TABLE draws;
DROP TABLE entrants;
DROP TABLE prizes;
DROP TABLE campaigns;
