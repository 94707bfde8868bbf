-- Lists of the admin listener are read page by page, newest first.

CREATE INDEX attestation_keys_created ON attestation_keys (created_at, id);
