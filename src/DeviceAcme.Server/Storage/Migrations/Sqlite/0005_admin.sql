-- Who administers over the network. A token itself is known to its holder alone: its SHA-256 stands here.
CREATE TABLE admin_tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    hash TEXT NOT NULL,
    roles INTEGER NOT NULL,
    profiles TEXT,
    created_at INTEGER NOT NULL,
    created_by TEXT NOT NULL,
    expires_at INTEGER NOT NULL,
    revoked_at INTEGER
) STRICT;
CREATE UNIQUE INDEX admin_tokens_hash ON admin_tokens (hash);
CREATE UNIQUE INDEX admin_tokens_name ON admin_tokens (name);

-- Answers to requests with an idempotency key, encrypted under that key, for a day.
CREATE TABLE admin_answers (
    key_hash TEXT NOT NULL PRIMARY KEY,
    request_hash TEXT NOT NULL,
    status INTEGER NOT NULL,
    content_type TEXT,
    answer BLOB NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT;
CREATE INDEX admin_answers_expires ON admin_answers (expires_at);

-- Which administrator an event is of, and which device it is about.
ALTER TABLE events ADD COLUMN actor TEXT;
ALTER TABLE events ADD COLUMN device_id TEXT;
CREATE INDEX events_actor ON events (actor, sequence) WHERE actor IS NOT NULL;
CREATE INDEX events_device ON events (device_id, sequence) WHERE device_id IS NOT NULL;

-- Each event carries the SHA-256 of the one before it and of its own content. The rows that were there before are chained by the program
-- when it opens the store: until then, and only then, those two columns of them may be written, once.
ALTER TABLE events ADD COLUMN previous_hash BLOB;
ALTER TABLE events ADD COLUMN hash BLOB;
DROP TRIGGER events_no_update;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events
WHEN OLD.hash IS NOT NULL OR OLD.previous_hash IS NOT NULL OR NEW.sequence IS NOT OLD.sequence OR NEW.at IS NOT OLD.at OR NEW.kind IS NOT OLD.kind
    OR NEW.profile IS NOT OLD.profile OR NEW.account_id IS NOT OLD.account_id OR NEW.order_id IS NOT OLD.order_id
    OR NEW.authorization_id IS NOT OLD.authorization_id OR NEW.certificate_id IS NOT OLD.certificate_id OR NEW.reason IS NOT OLD.reason
    OR NEW.detail IS NOT OLD.detail OR NEW.actor IS NOT OLD.actor OR NEW.device_id IS NOT OLD.device_id
BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_chained BEFORE INSERT ON events WHEN NEW.hash IS NULL OR NEW.previous_hash IS NULL
BEGIN SELECT RAISE(ABORT, 'events are chained'); END;
