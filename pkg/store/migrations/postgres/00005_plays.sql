-- +goose Up
ALTER TABLE campaigns ADD COLUMN ended_at BIGINT;       -- when it was recorded that closes_at has passed
ALTER TABLE campaigns ADD COLUMN last_played_at BIGINT; -- no later play has an earlier time
UPDATE campaigns SET last_played_at = (SELECT max(played_at) FROM draws WHERE campaign_id = campaigns.id);

-- +goose Down
ALTER TABLE campaigns DROP COLUMN last_played_at;
ALTER TABLE campaigns DROP COLUMN ended_at;
