-- +goose Up
-- SQLite uses the right index because of its statistics; see 00002_plans.sql.
SELECT 1;

-- +goose Down
SELECT 1;
