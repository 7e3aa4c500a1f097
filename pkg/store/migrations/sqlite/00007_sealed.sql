-- +goose Up
-- Seeds and keys can be sealed from now on; see secrets.go. The new column equals next_index.
-- Older programs, which would take a sealed seed for the seed itself, do not set the column,
-- so the constraint keeps them from storing draws of a sealed campaign.
ALTER TABLE campaigns ADD COLUMN sealed_next INTEGER CHECK (substr(secret, 1, 7) <> 'sealed:' OR coalesce(sealed_next, -1) = next_index);

-- +goose Down
-- The first statement fails if a seed is sealed. Run prizegen secrets unseal before.
ALTER TABLE campaigns ADD COLUMN unsealed INTEGER CHECK (substr(secret, 1, 7) <> 'sealed:');
ALTER TABLE campaigns DROP COLUMN unsealed;
ALTER TABLE campaigns DROP COLUMN sealed_next;
