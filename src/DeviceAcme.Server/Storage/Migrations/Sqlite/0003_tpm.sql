-- The TPM attestation CA: secrets that were hidden for a TPM and not yet brought back, and the certificates of attestation keys.

CREATE TABLE activations (
    id TEXT NOT NULL PRIMARY KEY,
    profile TEXT NOT NULL,
    secret_hash TEXT NOT NULL,
    endorsement_key_hash TEXT NOT NULL,
    request BLOB NOT NULL,
    created_at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    used_at INTEGER
) STRICT;
CREATE INDEX activations_endorsement_key ON activations (endorsement_key_hash);
CREATE INDEX activations_expires ON activations (expires);
CREATE UNIQUE INDEX activations_secret ON activations (secret_hash);

CREATE TABLE attestation_keys (
    id TEXT NOT NULL PRIMARY KEY,
    profile TEXT NOT NULL,
    device_id TEXT NOT NULL,
    evidence_id TEXT NOT NULL,
    endorsement_key_hash TEXT NOT NULL,
    serial TEXT NOT NULL,
    issuer_key_id TEXT NOT NULL,
    certificate BLOB NOT NULL,
    fingerprint TEXT NOT NULL,
    not_before INTEGER NOT NULL,
    not_after INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    revoked_at INTEGER,
    revocation_reason INTEGER
) STRICT;
CREATE INDEX attestation_keys_device ON attestation_keys (device_id);
CREATE INDEX attestation_keys_endorsement_key ON attestation_keys (endorsement_key_hash);
CREATE INDEX attestation_keys_revoked ON attestation_keys (issuer_key_id, not_after) WHERE revoked_at IS NOT NULL;
CREATE UNIQUE INDEX attestation_keys_serial ON attestation_keys (serial, issuer_key_id);
