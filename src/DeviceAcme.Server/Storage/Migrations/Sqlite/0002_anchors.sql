-- Every version of the anchor set, and every certificate that one of them names: evidence can be judged again under its own set.

CREATE TABLE anchor_certificates (
    fingerprint TEXT NOT NULL PRIMARY KEY,
    certificate BLOB NOT NULL
) STRICT;

CREATE TABLE anchor_versions (
    number INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    hash TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

-- The sets that evidence was judged under: the folders of a version that a profile accepts.
CREATE TABLE anchor_sets (
    hash TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL,
    folders TEXT NOT NULL
) STRICT;

CREATE TRIGGER anchor_certificates_no_update BEFORE UPDATE ON anchor_certificates BEGIN SELECT RAISE(ABORT, 'anchor certificates are append-only'); END;
CREATE TRIGGER anchor_certificates_no_delete BEFORE DELETE ON anchor_certificates BEGIN SELECT RAISE(ABORT, 'anchor certificates are append-only'); END;
CREATE TRIGGER anchor_versions_no_update BEFORE UPDATE ON anchor_versions BEGIN SELECT RAISE(ABORT, 'anchor versions are append-only'); END;
CREATE TRIGGER anchor_versions_no_delete BEFORE DELETE ON anchor_versions BEGIN SELECT RAISE(ABORT, 'anchor versions are append-only'); END;
