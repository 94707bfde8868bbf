-- Evidence that is not tied to a challenge (a finalize, the TPM attestation CA), whose bytes can be dropped before the verdict is.
-- What is large stands last: lists read the columns before it without its pages.

CREATE TABLE evidence_new (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    at INTEGER NOT NULL,
    accepted INTEGER NOT NULL,
    reason TEXT,
    format TEXT NOT NULL,
    profile TEXT NOT NULL,
    profile_hash TEXT NOT NULL,
    anchor_set_hash TEXT,
    identifier_type TEXT,
    identifier_value TEXT,
    account_id TEXT,
    order_id TEXT,
    authorization_id TEXT,
    challenge_id TEXT,
    device_id TEXT,
    token TEXT,
    thumbprint TEXT,
    anomalies TEXT,
    verdict TEXT NOT NULL,
    statement BLOB
) STRICT;

INSERT INTO evidence_new
SELECT e.id, 'challenge', e.at, e.accepted, e.reason, e.format, coalesce(a.profile, ''), e.profile_hash, e.anchor_set_hash, a.identifier_type,
    a.identifier_value, e.account_id, NULL, c.authorization_id, e.challenge_id, e.device_id, e.token, e.thumbprint, NULL, e.verdict, e.statement
FROM evidence e
LEFT JOIN challenges c ON c.id = e.challenge_id
LEFT JOIN authorizations a ON a.id = c.authorization_id;

DROP TABLE evidence;
ALTER TABLE evidence_new RENAME TO evidence;

CREATE INDEX evidence_at ON evidence (at, id);
CREATE INDEX evidence_authorization ON evidence (authorization_id) WHERE authorization_id IS NOT NULL;
CREATE INDEX evidence_device ON evidence (device_id, at, id) WHERE device_id IS NOT NULL;
CREATE INDEX evidence_kept ON evidence (profile, at) WHERE statement IS NOT NULL;
CREATE INDEX evidence_order ON evidence (order_id) WHERE order_id IS NOT NULL;
CREATE INDEX evidence_profile ON evidence (profile, at, id);
CREATE INDEX evidence_reason ON evidence (reason, at, id) WHERE reason IS NOT NULL;

-- Which keys, serials, endorsement keys and attestation certificates were seen with what: SHA-256 values, kept when the evidence is gone.
CREATE TABLE sightings (
    subject BLOB NOT NULL,
    partner BLOB NOT NULL,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    evidence_id TEXT NOT NULL,
    PRIMARY KEY (subject, partner)
) STRICT, WITHOUT ROWID;
CREATE INDEX sightings_evidence ON sightings (evidence_id);
CREATE INDEX sightings_last_seen ON sightings (last_seen_at);

-- What happened to an authorization, for explain.
CREATE INDEX events_authorization ON events (authorization_id) WHERE authorization_id IS NOT NULL;

-- Facts that are to be forgotten with the evidence that they were read from.
CREATE INDEX authorizations_facts ON authorizations (profile, expires) WHERE facts IS NOT NULL;
