-- What the behaviour of a resource goes on with after a restart: a JSON object, or empty.
ALTER TABLE resource ADD COLUMN state BLOB NOT NULL DEFAULT x'';
