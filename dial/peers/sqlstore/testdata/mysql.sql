SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?;
-- [mailconn_peers]

SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?;
-- [mailconn_peers_schema]

CREATE TABLE IF NOT EXISTS `mailconn_peers_schema` (id INTEGER NOT NULL PRIMARY KEY, version INTEGER NOT NULL) ENGINE = InnoDB;

CREATE TABLE IF NOT EXISTS `mailconn_peers` (
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
) ENGINE = InnoDB CHARACTER SET ascii COLLATE ascii_bin;

INSERT IGNORE INTO `mailconn_peers_schema` (id, version) VALUES (1, 1);

SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?;
-- [mailconn_peers]

SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ?;
-- [mailconn_peers_schema]

SELECT version FROM `mailconn_peers_schema` WHERE id = 1;

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM `mailconn_peers` WHERE 1 = 0;

INSERT INTO `mailconn_peers`
(protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON DUPLICATE KEY UPDATE
	policy      = CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(policy)   ELSE policy   END,
	verified    = CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(verified) ELSE verified END,
	leaf        = CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(leaf)     ELSE leaf     END,
	issuer      = CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(issuer)   ELSE issuer   END,
	tls_version = GREATEST(tls_version, VALUES(tls_version)),
	mechanisms  = mechanisms | VALUES(mechanisms),
	lifetime    = GREATEST(lifetime, VALUES(lifetime)),
	first_seen  = LEAST(first_seen, VALUES(first_seen), CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(last_seen) ELSE last_seen END),
	last_seen   = CASE WHEN (VALUES(last_seen) >= last_seen OR VALUES(verified) = 'pkix' AND last_seen > VALUES(last_seen) + 86400) THEN VALUES(last_seen) ELSE last_seen END;
-- [imap mail.example.org 143 required-starttls pkix 772 0102000000000000000000000000000000000000000000000000000000000000 0300000000000000000000000000000000000000000000000000000000000000 8193 1772366400 1772370000 3600]

DELETE FROM `mailconn_peers` WHERE protocol = ? AND host = ? AND port = ?;
-- [imap mail.example.org 143]

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM `mailconn_peers` ORDER BY protocol, host, port;

SELECT protocol, host, port, policy, verified, tls_version, leaf, issuer, mechanisms, first_seen, last_seen, lifetime FROM `mailconn_peers` WHERE protocol = ? AND host = ? AND port = ?;
-- [imap mail.example.org 143]

