-- +goose Up
-- PostgreSQL looks by itself how full tables are; SQLite is told so in this step.
SELECT 1;

-- +goose Down
SELECT 1;
