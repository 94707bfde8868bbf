-- What webhooks were asked and what they answered, for a while. The sequence bounds how many are kept.
CREATE TABLE webhook_deliveries (
    sequence INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    at INTEGER NOT NULL,
    profile TEXT NOT NULL,
    webhook TEXT NOT NULL,
    url TEXT NOT NULL,
    event TEXT NOT NULL,
    purpose TEXT NOT NULL,
    replay_of TEXT,
    account_id TEXT,
    order_id TEXT,
    authorization_id TEXT,
    device_id TEXT,
    outcome TEXT NOT NULL,
    reason TEXT,
    detail TEXT,
    status INTEGER,
    attempts INTEGER NOT NULL,
    duration INTEGER NOT NULL,
    request BLOB,
    answer BLOB
) STRICT;
CREATE UNIQUE INDEX webhook_deliveries_id ON webhook_deliveries (id);
CREATE INDEX webhook_deliveries_at ON webhook_deliveries (at);
CREATE INDEX webhook_deliveries_profile ON webhook_deliveries (profile, sequence);
CREATE INDEX webhook_deliveries_order ON webhook_deliveries (order_id, sequence) WHERE order_id IS NOT NULL;
