SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?;
-- [mailconn_peers]

SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?;
-- [mailconn_peers_schema]

CREATE TABLE IF NOT EXISTS "mailconn_peers_schema" (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL);

CREATE TABLE IF NOT EXISTS "mailconn_peers" (
	protocol    VARCHAR(16) NOT NULL,
	host        VARCHAR(255) NOT NULL,
	port        INTEGER NOT NULL,
	policy      VARCHAR(32) NOT NULL,
	verified    VARCHAR(16) NOT NULL,
	tls_version INTEGER NOT NULL,
	leaf        VARCHAR(64) NOT NULL,
	issuer      VARCHAR(64) NOT NULL,
	mechanisms  BIGINT NOT NULL,
	first_seen  BIGINT NOT NULL,
	last_seen   BIGINT NOT NULL,
	lifetime    BIGINT NOT NULL,
	PRIMARY KEY (protocol, host, port)
);

INSERT OR IGNORE INTO "mailconn_peers_schema" (id, version) VALUES (1, 1);

SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?;
-- [mailconn_peers]

SELECT COUNT(*) FROM sqlite_master WHERE type IN ('table', 'view') AND name = ?;
-- [mailconn_peers_schema]

SELECT version FROM "mailconn_peers_schema" WHERE id = 1;

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM "mailconn_peers" WHERE 1 = 0;

INSERT INTO "mailconn_peers" AS known
(protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (protocol, host, port) DO UPDATE SET
	policy      = CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.policy   ELSE known.policy   END,
	verified    = CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.verified ELSE known.verified END,
	leaf        = CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.leaf     ELSE known.leaf     END,
	issuer      = CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.issuer   ELSE known.issuer   END,
	tls_version = MAX(known.tls_version, excluded.tls_version),
	mechanisms  = known.mechanisms | excluded.mechanisms,
	lifetime    = MAX(known.lifetime, excluded.lifetime),
	first_seen  = MIN(known.first_seen, excluded.first_seen, CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.last_seen ELSE known.last_seen END),
	last_seen   = CASE WHEN (excluded.last_seen >= known.last_seen OR excluded.verified = 'pkix' AND known.last_seen > excluded.last_seen + 86400) THEN excluded.last_seen ELSE known.last_seen END;
-- [imap mail.example.org 143 required-starttls pkix 772 0102000000000000000000000000000000000000000000000000000000000000 0300000000000000000000000000000000000000000000000000000000000000 8193 1772366400 1772370000 3600]

DELETE FROM "mailconn_peers" WHERE protocol = ? AND host = ? AND port = ?;
-- [imap mail.example.org 143]

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM "mailconn_peers" ORDER BY protocol, host, port;

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM "mailconn_peers" WHERE protocol = ? AND host = ? AND port = ?;
-- [imap mail.example.org 143]

