-- What the limits of profiles count: the valid certificates of a device and of an account, the proofs of a device.

DROP INDEX certificates_device;
CREATE INDEX certificates_device ON certificates (device_id, not_after) WHERE device_id IS NOT NULL;
CREATE INDEX certificates_account_ends ON certificates (account_id, not_after);
DROP INDEX authorizations_device;
CREATE INDEX authorizations_device ON authorizations (device_id, expires) WHERE device_id IS NOT NULL;
