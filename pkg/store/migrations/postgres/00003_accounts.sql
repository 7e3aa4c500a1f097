-- +goose Up
-- Look up account numbers of a campaign with this index only. The primary key begins with
-- the campaign, too. While a table is small, PostgreSQL considers both equally good, and it
-- keeps its plan when the table grows.
ALTER TABLE draws ADD CONSTRAINT draws_account UNIQUE (account, campaign_id);
ALTER TABLE draws DROP CONSTRAINT draws_campaign_id_account_key;

-- +goose Down
ALTER TABLE draws ADD CONSTRAINT draws_campaign_id_account_key UNIQUE (campaign_id, account);
ALTER TABLE draws DROP CONSTRAINT draws_account;
