-- Every version of the set of profiles. The texts stand in the table profiles, by their hash; content says which of them a version has.
CREATE TABLE profile_versions (
    number INTEGER NOT NULL PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    reason TEXT,
    content BLOB NOT NULL
) STRICT;

-- The history of one profile: the versions of the set that changed it.
CREATE TABLE profile_changes (
    name TEXT NOT NULL,
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    hash TEXT,
    PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX profile_changes_number ON profile_changes (number);

CREATE TRIGGER profile_versions_no_update BEFORE UPDATE ON profile_versions BEGIN SELECT RAISE(ABORT, 'profile versions are append-only'); END;
CREATE TRIGGER profile_versions_no_delete BEFORE DELETE ON profile_versions BEGIN SELECT RAISE(ABORT, 'profile versions are append-only'); END;
CREATE TRIGGER profile_changes_no_update BEFORE UPDATE ON profile_changes BEGIN SELECT RAISE(ABORT, 'profile changes are append-only'); END;
CREATE TRIGGER profile_changes_no_delete BEFORE DELETE ON profile_changes BEGIN SELECT RAISE(ABORT, 'profile changes are append-only'); END;
CREATE TRIGGER profiles_no_update BEFORE UPDATE ON profiles BEGIN SELECT RAISE(ABORT, 'profile texts are append-only'); END;
CREATE TRIGGER profiles_no_delete BEFORE DELETE ON profiles BEGIN SELECT RAISE(ABORT, 'profile texts are append-only'); END;

-- How many orders wait under a profile, for the preview of a change.
CREATE INDEX orders_waiting ON orders (profile, expires) WHERE status IN ('pending', 'ready', 'processing');
