-- Tickets: keys for external account binding grow into one record for all ways of being expected. A key that has made its account is used.

CREATE TABLE tickets (
    id TEXT NOT NULL PRIMARY KEY,
    profile TEXT,
    note TEXT,
    created_by TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    registration_ends_at INTEGER,
    uses INTEGER,
    used INTEGER NOT NULL,
    last_used_at INTEGER,
    account_id TEXT,
    device_id TEXT,
    allowed TEXT NOT NULL,
    attributes TEXT NOT NULL,
    mac_key BLOB,
    code_hash TEXT,
    revoked_at INTEGER,
    revocation_reason TEXT,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO tickets
SELECT k.key_id, k.profile, NULL, 'eab', k.created_at, k.expires_at, NULL, 1, k.account_id IS NOT NULL,
    (SELECT a.created_at FROM accounts a WHERE a.id = k.account_id), k.account_id, NULL, '[]', '{}', k.mac_key, NULL, NULL, NULL, 0
FROM external_account_keys k;
DROP TABLE external_account_keys;
CREATE UNIQUE INDEX tickets_code ON tickets (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX tickets_created ON tickets (created_at, id);
CREATE INDEX tickets_device ON tickets (device_id, created_at, id) WHERE device_id IS NOT NULL;
CREATE INDEX tickets_profile ON tickets (profile, created_at, id);

-- Which ticket an account came of, and the directory that it lives in where that is the ticket's own.
ALTER TABLE accounts ADD COLUMN ticket_id TEXT;
ALTER TABLE accounts ADD COLUMN directory TEXT NOT NULL DEFAULT '';
UPDATE accounts SET ticket_id = external_account_key_id WHERE external_account_key_id IN (SELECT id FROM tickets);
DROP INDEX accounts_key;
CREATE UNIQUE INDEX accounts_key ON accounts (profile, directory, thumbprint);
CREATE INDEX accounts_ticket ON accounts (ticket_id) WHERE ticket_id IS NOT NULL;

-- Which ticket an authorization used, or stands on.
ALTER TABLE authorizations ADD COLUMN ticket_id TEXT;
