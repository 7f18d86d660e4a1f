-- What no other instance of its parent may have: the time of a timeSeriesInstance.
ALTER TABLE instance ADD COLUMN key TEXT;
CREATE UNIQUE INDEX instance_key ON instance (pi, key) WHERE key IS NOT NULL;
