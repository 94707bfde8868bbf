-- Times are Unix milliseconds, ids are text, lists and problem documents are JSON, statuses are their RFC 8555 names.
-- A version column guards every aggregate: a change is one UPDATE … WHERE id = … AND version = ….

CREATE TABLE accounts (
    id TEXT NOT NULL PRIMARY KEY,
    profile TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    contact TEXT NOT NULL,
    agreed_terms TEXT,
    external_account_key_id TEXT,
    external_account_binding TEXT,
    external_account_profile TEXT,
    created_at INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX accounts_key ON accounts (profile, thumbprint);

CREATE TABLE authorizations (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    identifier_type TEXT NOT NULL,
    identifier_value TEXT NOT NULL,
    wildcard INTEGER NOT NULL,
    pre_authorization INTEGER NOT NULL,
    status TEXT NOT NULL,
    expires INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    attested_key BLOB,
    facts TEXT,
    evidence_id TEXT,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX authorizations_identifier ON authorizations (account_id, identifier_type, identifier_value);

CREATE TABLE certificates (
    id TEXT NOT NULL PRIMARY KEY,
    order_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device_id TEXT,
    profile TEXT NOT NULL,
    serial TEXT NOT NULL,
    issuer_key_id TEXT NOT NULL,
    certificate BLOB NOT NULL,
    chains TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revocation_reason INTEGER
) STRICT;
CREATE INDEX certificates_device ON certificates (device_id) WHERE device_id IS NOT NULL;
CREATE UNIQUE INDEX certificates_order ON certificates (order_id);
CREATE INDEX certificates_revoked ON certificates (issuer_key_id, not_after) WHERE revoked_at IS NOT NULL;
CREATE UNIQUE INDEX certificates_serial ON certificates (serial, issuer_key_id);

CREATE TABLE chains (
    hash TEXT NOT NULL PRIMARY KEY,
    certificates BLOB NOT NULL
) STRICT;

CREATE TABLE crls (
    issuer_key_id TEXT NOT NULL PRIMARY KEY,
    number INTEGER NOT NULL,
    der BLOB NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL
) STRICT;

CREATE TABLE devices (
    id TEXT NOT NULL PRIMARY KEY,
    identifier_type TEXT NOT NULL,
    identifier_value TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX devices_identifier ON devices (identifier_type, identifier_value);

CREATE TABLE events (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    profile TEXT,
    account_id TEXT,
    order_id TEXT,
    authorization_id TEXT,
    certificate_id TEXT,
    reason TEXT,
    detail TEXT
) STRICT;
CREATE INDEX events_order ON events (order_id) WHERE order_id IS NOT NULL;

CREATE TABLE evidence (
    id TEXT NOT NULL PRIMARY KEY,
    challenge_id TEXT NOT NULL,
    account_id TEXT NOT NULL,
    device_id TEXT,
    format TEXT NOT NULL,
    statement BLOB NOT NULL,
    token TEXT NOT NULL,
    thumbprint TEXT NOT NULL,
    anchor_set_hash TEXT NOT NULL,
    profile_hash TEXT NOT NULL,
    at INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    reason TEXT,
    verdict TEXT NOT NULL
) STRICT;
CREATE INDEX evidence_at ON evidence (at);
CREATE INDEX evidence_device ON evidence (device_id) WHERE device_id IS NOT NULL;

CREATE TABLE external_account_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    mac_key BLOB NOT NULL,
    profile TEXT,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    account_id TEXT
) STRICT;

CREATE TABLE order_authorizations (
    order_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    authorization_id TEXT NOT NULL,
    PRIMARY KEY (order_id, position)
) STRICT;
CREATE INDEX order_authorizations_authorization ON order_authorizations (authorization_id);

CREATE TABLE orders (
    id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    profile_hash TEXT NOT NULL,
    status TEXT NOT NULL,
    identifiers TEXT NOT NULL,
    not_before INTEGER,
    not_after INTEGER,
    expires INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    certificate_id TEXT,
    error TEXT,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX orders_account ON orders (account_id, created_at, id);
CREATE INDEX orders_open ON orders (account_id, status, expires);

CREATE TABLE profiles (
    hash TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    text TEXT NOT NULL
) STRICT;

CREATE TABLE challenges (
    id TEXT NOT NULL PRIMARY KEY,
    authorization_id TEXT NOT NULL,
    type TEXT NOT NULL,
    token TEXT NOT NULL,
    position INTEGER NOT NULL,
    status TEXT NOT NULL,
    validated_at INTEGER,
    key_authorization TEXT,
    answered_at INTEGER,
    error TEXT,
    FOREIGN KEY (authorization_id) REFERENCES authorizations (id)
) STRICT;
CREATE INDEX challenges_authorization ON challenges (authorization_id);
CREATE INDEX challenges_processing ON challenges (answered_at) WHERE status = 'processing';

-- The history can only grow.
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
