-- The store of feedback, see feedback.py; run whenever it is opened.
-- Without a write-ahead log: the file alone has all that was acknowledged, at any time.
PRAGMA journal_mode = DELETE;
PRAGMA synchronous = EXTRA;
PRAGMA secure_delete = ON;
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS lists (
    list TEXT PRIMARY KEY, method TEXT NOT NULL, stated TEXT NOT NULL, shown TEXT NOT NULL,
    at INTEGER NOT NULL DEFAULT (CAST(strftime('%s', 'now') AS INTEGER)));
CREATE INDEX IF NOT EXISTS lists_at ON lists (at);
CREATE VIEW IF NOT EXISTS feedback AS
    SELECT list, method, key + 1 AS position, json_extract(value, '$[0]') AS occupation,
        json_extract(value, '$[1]') AS pressed, stated FROM lists, json_each(shown);
CREATE TABLE IF NOT EXISTS secret (key BLOB NOT NULL);
INSERT INTO secret SELECT randomblob(32) WHERE NOT EXISTS (SELECT 1 FROM secret);
COMMIT;
