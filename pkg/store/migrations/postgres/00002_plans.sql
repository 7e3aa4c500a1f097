-- +goose Up
-- PostgreSQL collects statistics automatically. The migration of SQLite adds them.
SELECT 1;

-- +goose Down
SELECT 1;
