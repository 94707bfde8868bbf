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

-- Which administrator an event is of, and which device it is about.
ALTER TABLE events ADD COLUMN actor TEXT;
ALTER TABLE events ADD COLUMN device_id TEXT;
CREATE INDEX events_actor ON events (actor, sequence) WHERE actor IS NOT NULL;
CREATE INDEX events_device ON events (device_id, sequence) WHERE device_id IS NOT NULL;
