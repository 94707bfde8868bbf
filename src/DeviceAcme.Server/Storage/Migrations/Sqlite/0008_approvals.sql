-- Orders that were finalized and take time: an officer has to agree, or the worker issues them. The row is the worker's queue.

CREATE TABLE pending_issuances (
    order_id TEXT NOT NULL PRIMARY KEY,
    account_id TEXT NOT NULL,
    profile TEXT NOT NULL,
    subject TEXT NOT NULL,
    device_id TEXT,
    causes INTEGER NOT NULL,
    state TEXT NOT NULL,
    csr BLOB,
    requested_at INTEGER NOT NULL,
    expires INTEGER NOT NULL,
    decision TEXT,
    decided_at INTEGER,
    decided_by TEXT,
    comment TEXT,
    serial TEXT,
    attempts INTEGER NOT NULL,
    failure TEXT,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX pending_issuances_issuing ON pending_issuances (requested_at) WHERE state = 'issuing';
CREATE INDEX pending_issuances_subject ON pending_issuances (profile, subject, requested_at);
CREATE INDEX pending_issuances_waiting ON pending_issuances (expires) WHERE state = 'waiting';

-- What administrators list.
CREATE INDEX accounts_created ON accounts (created_at, id);
CREATE INDEX accounts_profile ON accounts (profile, created_at, id);
CREATE INDEX orders_created ON orders (created_at, id);
CREATE INDEX orders_profile ON orders (profile, created_at, id);
CREATE INDEX orders_unfinished ON orders (created_at, id) WHERE status <> 'valid';
CREATE INDEX certificates_account ON certificates (account_id, created_at, id);
CREATE INDEX certificates_created ON certificates (created_at, id);
CREATE INDEX certificates_expiring ON certificates (not_after, id);
CREATE INDEX certificates_profile ON certificates (profile, created_at, id);
