-- Inventories of others that the ledger is kept in step with: how the last run went, and which devices each of them lists.
CREATE TABLE sync_sources (
    name TEXT NOT NULL PRIMARY KEY,
    configuration TEXT NOT NULL,
    etag TEXT,
    attempted_at INTEGER NOT NULL,
    answered_at INTEGER,
    changed_at INTEGER,
    failures INTEGER NOT NULL,
    failure TEXT,
    stale_since INTEGER,
    devices INTEGER NOT NULL,
    added INTEGER NOT NULL,
    changed INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    skipped TEXT NOT NULL
) STRICT;
CREATE TABLE sync_devices (
    source TEXT NOT NULL,
    device_id TEXT NOT NULL,
    gone_since INTEGER,
    held TEXT,
    PRIMARY KEY (source, device_id)
) STRICT;
CREATE INDEX sync_devices_device ON sync_devices (device_id);
