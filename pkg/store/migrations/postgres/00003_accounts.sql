-- +goose Up
-- An account number of a campaign is looked up by this index and no other: the key of the
-- table begins with the campaign as well, and while a table is small, PostgreSQL takes one
-- for as good as the other and keeps to it when it grows.
ALTER TABLE draws ADD CONSTRAINT draws_account UNIQUE (account, campaign_id);
ALTER TABLE draws DROP CONSTRAINT draws_campaign_id_account_key;

-- +goose Down
ALTER TABLE draws ADD CONSTRAINT draws_campaign_id_account_key UNIQUE (campaign_id, account);
ALTER TABLE draws DROP CONSTRAINT draws_account;
