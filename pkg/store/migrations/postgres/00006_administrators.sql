-- +goose Up
CREATE TABLE administrators (
  name       TEXT    PRIMARY KEY,
  role       TEXT    NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  password   TEXT    NOT NULL, -- argon2id
  generation TEXT    NOT NULL, -- changes with the password
  created_at BIGINT  NOT NULL
);

CREATE TABLE tokens (
  name         TEXT    PRIMARY KEY,
  role         TEXT    NOT NULL CHECK (role IN ('owner', 'operator', 'viewer')),
  token_sha256 BYTEA   NOT NULL UNIQUE,
  created_at   BIGINT  NOT NULL
);

-- The password in the configuration, so that all replicas have the same generation.
CREATE TABLE configured_owner (
  id         INTEGER PRIMARY KEY CHECK (id = 1),
  password   TEXT    NOT NULL,
  generation TEXT    NOT NULL
);

-- +goose Down
DROP TABLE configured_owner;
DROP TABLE tokens;
DROP TABLE administrators;
