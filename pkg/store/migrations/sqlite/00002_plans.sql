-- +goose Up
-- Statistics for the planner, independent of the number of rows. Without them, the planner
-- would search millions of draws for the few that are claimed. A list reads one page only,
-- so the index on the selected draws is never much slower than reading all draws.
ANALYZE draws; -- creates the table of statistics
DELETE FROM sqlite_stat1 WHERE tbl = 'draws';
INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES
  ('draws', 'draws', '1000000 1000000 1'),
  ('draws', 'sqlite_autoindex_draws_2', '1000000 1000000 1'), -- by account
  ('draws', 'draws_once', '1000000 1'),
  ('draws', 'draws_of_entrant', '1000000 2 1'),
  ('draws', 'draws_won', '100000 100000 1'),
  ('draws', 'draws_by_prize', '100000 100000 10000 1'),
  ('draws', 'draws_unclaimed', '10000 10000 1'),
  ('draws', 'draws_claimed', '10000 10000 1'),
  ('draws', 'draws_voided', '100 100 1');
ANALYZE sqlite_schema; -- reloads the statistics

-- +goose Down
DELETE FROM sqlite_stat1 WHERE tbl = 'draws';
