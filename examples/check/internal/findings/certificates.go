package findings

import "github.com/mailconn/mailconn/examples/check/internal/report"

// certificateRows are about the server's own certificate.
func certificateRows() []row {
	return []row{
		{"certificate-expired", report.Locked, because(report.CertExpired),
			"The certificate expired on {until}. Mail programs refuse the server.",
			"Operator of the server: renew it and reload the server (`systemctl reload {service}`). Often the new file is there already and nothing has reloaded: with certbot, let a `--deploy-hook` do it."},
		{"certificate-not-yet-valid", report.Locked, because(report.CertNotYet),
			"The certificate is valid only from {from}.",
			"You: look whether this computer's clock is right. Operator, if it is: install a certificate that is valid now."},
		{"certificate-name", report.Locked, because(report.CertName),
			"The certificate is not for {host}, but for {names}. It could be another server's.",
			"You: use a name that it is for, if the provider says so. Operator of the server: get a certificate for {host} as well."},
		{"certificate-no-names", report.Locked, because(report.CertNoNames),
			"The name is only in the certificate's field CN ({subject}); programs read only subjectAltName.",
			"Operator of the server: get a certificate that has {host} as a DNS name (subjectAltName)."},
		{"certificate-purpose", report.Locked, because(report.CertPurpose),
			"The certificate was not issued for servers.",
			"Operator of the server: get one for servers (extended key usage serverAuth)."},
		{"certificate-self", report.Locked, because(report.CertSelf),
			"The certificate is self-signed, so that nobody vouches for it. The SHA-256 of its key is `{keyhash}`.",
			"Operator of the server: get a certificate of a public authority, such as Let's Encrypt. You: if the server is your own, run `openssl x509 -in CERT -noout -pubkey | {digest}` on it. If this prints the same SHA-256, let your mail program trust the key; if not, do not log in."},
		{"certificate-pin", report.Suspect, because(report.CertPin),
			"The server has another key than the one pinned in the account file. The SHA-256 of its key is now `{keyhash}`.",
			"You: do not log in. Ask the operator whether the key was changed, and not by mail over this server."},
	}
}

// chainRows are about those who vouch for it.
func chainRows() []row {
	return []row{
		{"certificate-incomplete", report.Locked, because(report.CertPartial),
			"The certificate was issued by {issuer}, which this computer does not know. The server may have left out the intermediate certificate.",
			"Operator of the server: install the whole chain `fullchain.pem` ({files}). You: do not log in until it is mended. In a company: give this program the company's own authority with `-ca`."},
		{"certificate-authority", report.Suspect, because(report.CertAuthority),
			"The certificate comes from {root}, which this computer does not trust.",
			"You: do not log in: an attacker between you and the server may have put it there. Look again from another network. In a company whose own authority this is: give it to this program with `-ca`."},
		{"certificate-weak-key", report.Suspect, because(report.CertWeakKey),
			"A key in the certificate's chain is too short, so that others can compute it and then pass for the server: {error}",
			"You: do not log in until this is mended. Operator of the server: make a new key, RSA 2048 or ECDSA P-256, and get a certificate for it."},
		{"certificate-other", report.Locked, because(report.CertOther),
			"The certificate cannot be trusted: {error}",
			"{advice}"},
		{"certificate-expires", report.Soon, expires,
			"A certificate of the chain expires in {days}, on {until}.",
			"Operator of the server: renew it now, and look why that has not happened by itself. Often the new file is there already and nothing has reloaded: `systemctl reload {service}`."},
	}
}
