-- The schema of SQLite's migrations 0001 to 0013 in one step; numbers are those of that folder, so that both name one schema alike.
-- Times are Unix milliseconds, ids are text, lists and problem documents are JSON, statuses are their RFC 8555 names. Text compares by its
-- bytes (COLLATE "C"), as it does in SQLite. A version column guards every aggregate.

CREATE TABLE accounts (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    profile text COLLATE "C" NOT NULL,
    thumbprint text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    contact text COLLATE "C" NOT NULL,
    agreed_terms text COLLATE "C",
    external_account_key_id text COLLATE "C",
    external_account_binding text COLLATE "C",
    external_account_profile text COLLATE "C",
    created_at bigint NOT NULL,
    version integer NOT NULL,
    ticket_id text COLLATE "C",
    directory text COLLATE "C" NOT NULL
);
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE UNIQUE INDEX accounts_key ON accounts (profile, directory, thumbprint);
CREATE INDEX accounts_profile ON accounts (profile, created_at, id);
CREATE INDEX accounts_ticket ON accounts (ticket_id) WHERE ticket_id IS NOT NULL;

CREATE TABLE authorizations (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    profile text COLLATE "C" NOT NULL,
    identifier_type text COLLATE "C" NOT NULL,
    identifier_value text COLLATE "C" NOT NULL,
    wildcard boolean NOT NULL,
    pre_authorization boolean NOT NULL,
    status text COLLATE "C" NOT NULL,
    expires bigint NOT NULL,
    created_at bigint NOT NULL,
    attested_key bytea,
    facts text COLLATE "C",
    evidence_id text COLLATE "C",
    version integer NOT NULL,
    device_id text COLLATE "C",
    ticket_id text COLLATE "C"
);
CREATE INDEX authorizations_device ON authorizations (device_id, expires) WHERE device_id IS NOT NULL;
CREATE INDEX authorizations_facts ON authorizations (profile, expires) WHERE facts IS NOT NULL;
CREATE INDEX authorizations_identifier ON authorizations (account_id, identifier_type, identifier_value);

CREATE TABLE challenges (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    authorization_id text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    token text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    status text COLLATE "C" NOT NULL,
    validated_at bigint,
    key_authorization text COLLATE "C",
    answered_at bigint,
    error text COLLATE "C",
    FOREIGN KEY (authorization_id) REFERENCES authorizations (id) ON DELETE RESTRICT
);
CREATE INDEX challenges_authorization ON challenges (authorization_id);
CREATE INDEX challenges_processing ON challenges (answered_at) WHERE status = 'processing';

CREATE TABLE orders (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    profile text COLLATE "C" NOT NULL,
    profile_hash text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL,
    identifiers text COLLATE "C" NOT NULL,
    not_before bigint,
    not_after bigint,
    expires bigint NOT NULL,
    created_at bigint NOT NULL,
    certificate_id text COLLATE "C",
    error text COLLATE "C",
    version integer NOT NULL
);
CREATE INDEX orders_account ON orders (account_id, created_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_open ON orders (account_id, status, expires);
CREATE INDEX orders_profile ON orders (profile, created_at, id);
CREATE INDEX orders_unfinished ON orders (created_at, id) WHERE status <> 'valid';
CREATE INDEX orders_waiting ON orders (profile, expires) WHERE status IN ('pending', 'ready', 'processing');

CREATE TABLE order_authorizations (
    order_id text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    authorization_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX order_authorizations_authorization ON order_authorizations (authorization_id);

CREATE TABLE pending_issuances (
    order_id text COLLATE "C" NOT NULL PRIMARY KEY,
    account_id text COLLATE "C" NOT NULL,
    profile text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    device_id text COLLATE "C",
    causes integer NOT NULL,
    state text COLLATE "C" NOT NULL,
    csr bytea,
    requested_at bigint NOT NULL,
    expires bigint NOT NULL,
    decision text COLLATE "C",
    decided_at bigint,
    decided_by text COLLATE "C",
    comment text COLLATE "C",
    serial text COLLATE "C",
    attempts integer NOT NULL,
    failure text COLLATE "C",
    version integer NOT NULL
);
CREATE INDEX pending_issuances_issuing ON pending_issuances (requested_at) WHERE state = 'issuing';
CREATE INDEX pending_issuances_subject ON pending_issuances (profile, subject, requested_at);
CREATE INDEX pending_issuances_waiting ON pending_issuances (expires) WHERE state = 'waiting';

CREATE TABLE certificates (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    order_id text COLLATE "C" NOT NULL,
    account_id text COLLATE "C" NOT NULL,
    device_id text COLLATE "C",
    profile text COLLATE "C" NOT NULL,
    serial text COLLATE "C" NOT NULL,
    issuer_key_id text COLLATE "C" NOT NULL,
    certificate bytea NOT NULL,
    chains text COLLATE "C" NOT NULL,
    not_before bigint NOT NULL,
    not_after bigint NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    revocation_reason integer
);
CREATE INDEX certificates_account ON certificates (account_id, created_at, id);
CREATE INDEX certificates_account_ends ON certificates (account_id, not_after);
CREATE INDEX certificates_created ON certificates (created_at, id);
CREATE INDEX certificates_device ON certificates (device_id, not_after) WHERE device_id IS NOT NULL;
CREATE INDEX certificates_expiring ON certificates (not_after, id);
CREATE UNIQUE INDEX certificates_order ON certificates (order_id);
CREATE INDEX certificates_profile ON certificates (profile, created_at, id);
CREATE INDEX certificates_revoked ON certificates (issuer_key_id, not_after) WHERE revoked_at IS NOT NULL;
CREATE UNIQUE INDEX certificates_serial ON certificates (serial, issuer_key_id);

CREATE TABLE chains (
    hash text COLLATE "C" NOT NULL PRIMARY KEY,
    certificates bytea NOT NULL
);

CREATE TABLE crls (
    issuer_key_id text COLLATE "C" NOT NULL PRIMARY KEY,
    number bigint NOT NULL,
    der bytea NOT NULL,
    this_update bigint NOT NULL,
    next_update bigint NOT NULL
);

CREATE TABLE devices (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    identifier_type text COLLATE "C" NOT NULL,
    identifier_value text COLLATE "C" NOT NULL,
    label text COLLATE "C",
    owner text COLLATE "C",
    groups text COLLATE "C" NOT NULL,
    attributes text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    state_since bigint NOT NULL,
    state_reason text COLLATE "C",
    replaced_by text COLLATE "C",
    created_at bigint NOT NULL,
    last_seen_at bigint,
    version integer NOT NULL
);
CREATE INDEX devices_created ON devices (created_at, id);
CREATE INDEX devices_owner ON devices (owner) WHERE owner IS NOT NULL;
CREATE INDEX devices_state ON devices (state, created_at, id);

CREATE TABLE device_identifiers (
    kind text COLLATE "C" NOT NULL,
    value text COLLATE "C" NOT NULL,
    device_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (kind, value)
);
CREATE INDEX device_identifiers_device ON device_identifiers (device_id);
CREATE INDEX device_identifiers_value ON device_identifiers (value);

CREATE TABLE tickets (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    profile text COLLATE "C",
    note text COLLATE "C",
    created_by text COLLATE "C" NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    registration_ends_at bigint,
    uses integer,
    used integer NOT NULL,
    last_used_at bigint,
    account_id text COLLATE "C",
    device_id text COLLATE "C",
    allowed text COLLATE "C" NOT NULL,
    attributes text COLLATE "C" NOT NULL,
    mac_key bytea,
    code_hash text COLLATE "C",
    revoked_at bigint,
    revocation_reason text COLLATE "C",
    version integer NOT NULL
);
CREATE UNIQUE INDEX tickets_code ON tickets (code_hash) WHERE code_hash IS NOT NULL;
CREATE INDEX tickets_created ON tickets (created_at, id);
CREATE INDEX tickets_device ON tickets (device_id, created_at, id) WHERE device_id IS NOT NULL;
CREATE INDEX tickets_profile ON tickets (profile, created_at, id);

CREATE TABLE profiles (
    hash text COLLATE "C" NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    text text COLLATE "C" NOT NULL
);

CREATE TABLE profile_versions (
    number integer NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    content bytea NOT NULL
);

CREATE TABLE profile_changes (
    name text COLLATE "C" NOT NULL,
    number integer NOT NULL,
    kind text COLLATE "C" NOT NULL,
    hash text COLLATE "C",
    PRIMARY KEY (name, number)
);
CREATE INDEX profile_changes_number ON profile_changes (number);

CREATE TABLE anchor_certificates (
    fingerprint text COLLATE "C" NOT NULL PRIMARY KEY,
    certificate bytea NOT NULL
);

CREATE TABLE anchor_versions (
    number integer NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    actor text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    content bytea NOT NULL
);

CREATE TABLE anchor_sets (
    hash text COLLATE "C" NOT NULL PRIMARY KEY,
    version integer NOT NULL,
    folders text COLLATE "C" NOT NULL
);

CREATE TABLE evidence (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    kind text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    accepted boolean NOT NULL,
    reason text COLLATE "C",
    format text COLLATE "C" NOT NULL,
    profile text COLLATE "C" NOT NULL,
    profile_hash text COLLATE "C" NOT NULL,
    anchor_set_hash text COLLATE "C",
    identifier_type text COLLATE "C",
    identifier_value text COLLATE "C",
    account_id text COLLATE "C",
    order_id text COLLATE "C",
    authorization_id text COLLATE "C",
    challenge_id text COLLATE "C",
    device_id text COLLATE "C",
    token text COLLATE "C",
    thumbprint text COLLATE "C",
    anomalies text COLLATE "C",
    verdict text COLLATE "C" NOT NULL,
    statement bytea
);
CREATE INDEX evidence_at ON evidence (at, id);
CREATE INDEX evidence_authorization ON evidence (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX evidence_device ON evidence (device_id, at, id) WHERE device_id IS NOT NULL;
CREATE INDEX evidence_kept ON evidence (profile, at) WHERE statement IS NOT NULL;
CREATE INDEX evidence_order ON evidence (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX evidence_profile ON evidence (profile, at, id);
CREATE INDEX evidence_reason ON evidence (reason, at, id) WHERE reason IS NOT NULL;

CREATE TABLE sightings (
    subject bytea NOT NULL,
    partner bytea NOT NULL,
    kind text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL,
    first_seen_at bigint NOT NULL,
    last_seen_at bigint NOT NULL,
    evidence_id text COLLATE "C" NOT NULL,
    PRIMARY KEY (subject, partner)
);
CREATE INDEX sightings_evidence ON sightings (evidence_id);
CREATE INDEX sightings_last_seen ON sightings (last_seen_at);

CREATE TABLE activations (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    profile text COLLATE "C" NOT NULL,
    secret_hash text COLLATE "C" NOT NULL,
    endorsement_key_hash text COLLATE "C" NOT NULL,
    request bytea NOT NULL,
    created_at bigint NOT NULL,
    expires bigint NOT NULL,
    used_at bigint
);
CREATE INDEX activations_endorsement_key ON activations (endorsement_key_hash);
CREATE INDEX activations_expires ON activations (expires);
CREATE UNIQUE INDEX activations_secret ON activations (secret_hash);

CREATE TABLE attestation_keys (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    profile text COLLATE "C" NOT NULL,
    device_id text COLLATE "C" NOT NULL,
    evidence_id text COLLATE "C" NOT NULL,
    endorsement_key_hash text COLLATE "C" NOT NULL,
    serial text COLLATE "C" NOT NULL,
    issuer_key_id text COLLATE "C" NOT NULL,
    certificate bytea NOT NULL,
    fingerprint text COLLATE "C" NOT NULL,
    not_before bigint NOT NULL,
    not_after bigint NOT NULL,
    created_at bigint NOT NULL,
    revoked_at bigint,
    revocation_reason integer
);
CREATE INDEX attestation_keys_created ON attestation_keys (created_at, id);
CREATE INDEX attestation_keys_device ON attestation_keys (device_id);
CREATE INDEX attestation_keys_endorsement_key ON attestation_keys (endorsement_key_hash);
CREATE INDEX attestation_keys_revoked ON attestation_keys (issuer_key_id, not_after) WHERE revoked_at IS NOT NULL;
CREATE UNIQUE INDEX attestation_keys_serial ON attestation_keys (serial, issuer_key_id);

CREATE TABLE admin_tokens (
    id text COLLATE "C" NOT NULL PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    hash text COLLATE "C" NOT NULL,
    roles integer NOT NULL,
    profiles text COLLATE "C",
    created_at bigint NOT NULL,
    created_by text COLLATE "C" NOT NULL,
    expires_at bigint NOT NULL,
    revoked_at bigint
);
CREATE UNIQUE INDEX admin_tokens_hash ON admin_tokens (hash);
CREATE UNIQUE INDEX admin_tokens_name ON admin_tokens (name);

CREATE TABLE admin_answers (
    key_hash text COLLATE "C" NOT NULL PRIMARY KEY,
    request_hash text COLLATE "C" NOT NULL,
    status integer NOT NULL,
    content_type text COLLATE "C",
    answer bytea NOT NULL,
    expires_at bigint NOT NULL
);
CREATE INDEX admin_answers_expires ON admin_answers (expires_at);

CREATE TABLE webhook_deliveries (
    sequence bigint NOT NULL GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL,
    at bigint NOT NULL,
    profile text COLLATE "C" NOT NULL,
    webhook text COLLATE "C" NOT NULL,
    url text COLLATE "C" NOT NULL,
    event text COLLATE "C" NOT NULL,
    purpose text COLLATE "C" NOT NULL,
    replay_of text COLLATE "C",
    account_id text COLLATE "C",
    order_id text COLLATE "C",
    authorization_id text COLLATE "C",
    device_id text COLLATE "C",
    outcome text COLLATE "C" NOT NULL,
    reason text COLLATE "C",
    detail text COLLATE "C",
    status integer,
    attempts integer NOT NULL,
    duration bigint NOT NULL,
    request bytea,
    answer bytea
);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);
CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (id);
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (order_id, sequence) WHERE order_id IS NOT NULL;
CREATE INDEX webhook_deliveries_profile ON webhook_deliveries (profile, sequence);

CREATE TABLE sync_sources (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    configuration text COLLATE "C" NOT NULL,
    etag text COLLATE "C",
    attempted_at bigint NOT NULL,
    answered_at bigint,
    changed_at bigint,
    failures integer NOT NULL,
    failure text COLLATE "C",
    stale_since bigint,
    devices integer NOT NULL,
    added integer NOT NULL,
    changed integer NOT NULL,
    gone integer NOT NULL,
    skipped text COLLATE "C" NOT NULL
);

CREATE TABLE sync_devices (
    source text COLLATE "C" NOT NULL,
    device_id text COLLATE "C" NOT NULL,
    gone_since bigint,
    held text COLLATE "C",
    PRIMARY KEY (source, device_id)
);
CREATE INDEX sync_devices_device ON sync_devices (device_id);

CREATE TABLE events (
    sequence bigint NOT NULL PRIMARY KEY,
    at bigint NOT NULL,
    kind text COLLATE "C" NOT NULL,
    profile text COLLATE "C",
    account_id text COLLATE "C",
    order_id text COLLATE "C",
    authorization_id text COLLATE "C",
    certificate_id text COLLATE "C",
    reason text COLLATE "C",
    detail text COLLATE "C",
    actor text COLLATE "C",
    device_id text COLLATE "C",
    previous_hash bytea,
    hash bytea
);
CREATE INDEX events_actor ON events (actor, sequence) WHERE actor IS NOT NULL;
CREATE INDEX events_authorization ON events (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX events_device ON events (device_id, sequence) WHERE device_id IS NOT NULL;
CREATE INDEX events_order ON events (order_id) WHERE order_id IS NOT NULL;

-- What is written once stays.
CREATE FUNCTION append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%: append-only', TG_TABLE_NAME; END $$;
CREATE TRIGGER events_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON events FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER anchor_certificates_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anchor_certificates FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER anchor_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON anchor_versions FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER profiles_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON profiles FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER profile_versions_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON profile_versions FOR EACH STATEMENT EXECUTE FUNCTION append_only();
CREATE TRIGGER profile_changes_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON profile_changes FOR EACH STATEMENT EXECUTE FUNCTION append_only();
ALTER TABLE events ADD CONSTRAINT events_chained CHECK (hash IS NOT NULL AND previous_hash IS NOT NULL);

-- Where the chain of events ends: one row. Whoever writes anything locks it first and holds it until its commit, so that changes happen one
-- after the other on all nodes. The number is the highest that was ever given: where rows are cut off at the end, a gap stays to be seen.
CREATE TABLE audit_head (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    sequence bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit_head VALUES (1, 0, decode(repeat('00', 32), 'hex'));

-- Nonces are the key's; a spent one has a row until nobody could use it any more. Both tables are emptied by a crash of the database, together:
-- without the key, no nonce of before is good.
CREATE UNLOGGED TABLE nonce_keys (
    id integer NOT NULL PRIMARY KEY CHECK (id = 1),
    name bytea NOT NULL,
    key bytea NOT NULL
);
CREATE UNLOGGED TABLE spent_nonces (
    nonce bytea NOT NULL PRIMARY KEY,
    ends bigint NOT NULL
);
CREATE INDEX spent_nonces_ends ON spent_nonces (ends);

-- Work that a node has taken, and until when by the database's clock.
CREATE TABLE leases (
    name text COLLATE "C" NOT NULL PRIMARY KEY,
    node text COLLATE "C" NOT NULL,
    ends timestamptz NOT NULL
);
CREATE INDEX leases_ends ON leases (ends);
