-- +goose Up
-- SQLite looks account numbers up by the right index, see 00002_plans.sql.
SELECT 1;

-- +goose Down
SELECT 1;
