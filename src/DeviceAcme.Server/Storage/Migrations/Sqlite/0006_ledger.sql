-- The ledger of devices: state, owner, attributes and groups, and every name of a device. Devices that proved themselves before it existed are active.

CREATE TABLE devices_new (
    id TEXT NOT NULL PRIMARY KEY,
    identifier_type TEXT NOT NULL,
    identifier_value TEXT NOT NULL,
    label TEXT,
    owner TEXT,
    groups TEXT NOT NULL,
    attributes TEXT NOT NULL,
    state TEXT NOT NULL,
    state_since INTEGER NOT NULL,
    state_reason TEXT,
    replaced_by TEXT,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER,
    version INTEGER NOT NULL
) STRICT;
INSERT INTO devices_new
SELECT id, identifier_type, identifier_value, NULL, NULL, '[]', '{}', 'active', created_at, NULL, NULL, created_at, last_seen_at, 0 FROM devices;
DROP TABLE devices;
ALTER TABLE devices_new RENAME TO devices;
CREATE INDEX devices_created ON devices (created_at, id);
CREATE INDEX devices_owner ON devices (owner) WHERE owner IS NOT NULL;
CREATE INDEX devices_state ON devices (state, created_at, id);

CREATE TABLE device_identifiers (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    device_id TEXT NOT NULL,
    PRIMARY KEY (kind, value)
) STRICT, WITHOUT ROWID;
CREATE INDEX device_identifiers_device ON device_identifiers (device_id);
CREATE INDEX device_identifiers_value ON device_identifiers (value);
INSERT INTO device_identifiers SELECT identifier_type, identifier_value, id FROM devices;

-- Which device an authorization proved.
ALTER TABLE authorizations ADD COLUMN device_id TEXT;
UPDATE authorizations SET device_id = (
    SELECT i.device_id FROM device_identifiers i WHERE i.kind = authorizations.identifier_type AND i.value = authorizations.identifier_value
) WHERE attested_key IS NOT NULL;
CREATE INDEX authorizations_device ON authorizations (device_id) WHERE device_id IS NOT NULL;
