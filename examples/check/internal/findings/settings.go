package findings

import (
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/examples/check/internal/report"
	"github.com/mailconn/mailconn/policy"
)

// digest prints the hash of a public key in the form of a report.
const digest = "openssl pkey -pubin -outform DER | sha256sum"

// reads reports whether the endpoint is one for reading mail, which Dovecot often serves;
// the others are often Postfix's.
func reads(e *report.Endpoint) bool {
	return e.URL.Protocol == policy.IMAP || e.URL.Protocol == policy.POP3
}

// settings returns what stands for settings and commands in the sentences of a row: those of
// the program that is most often behind such a port.
func settings(e *report.Endpoint) []string {
	all := []string{
		"{service}", service(e), "{careless}", careless(e), "{digest}", digest,
		"{openssl}", openssl(e), "{handshake}", handshake(e), "{unreached}", unreached(e),
	}
	if reads(e) {
		const files = "`ssl_cert` and `ssl_key`, since 2.4 `ssl_server_cert_file` and `ssl_server_key_file`"
		tls := "`ssl = required`"
		if e.Implicit() {
			tls = "`ssl = yes` in the `inet_listener` of the port"
		}
		return append(all,
			"{limit}", "Dovecot: `process_limit` of the service imap-login or pop3-login, or `mail_max_userip_connections`",
			"{tls}", "Dovecot: "+tls+", with "+files, "{files}", "Dovecot: "+files,
			"{noclear}", "Dovecot: `auth_allow_cleartext = no`, before 2.4 `disable_plaintext_auth = yes`",
			"{newtls}", "Dovecot: `ssl_min_protocol = TLSv1.2`",
		)
	}
	return append(all,
		"{limit}", "Postfix: `smtpd_client_connection_count_limit`",
		"{tls}", "Postfix: "+securityLevel(e)+", with `smtpd_tls_cert_file` and `smtpd_tls_key_file`",
		"{files}", "Postfix: `smtpd_tls_cert_file` and `smtpd_tls_key_file`",
		"{noclear}", "Postfix: `smtpd_tls_auth_only = yes`",
		"{newtls}", "Postfix: `smtpd_tls_mandatory_protocols = >=TLSv1.2`, before 3.6 `!SSLv2, !SSLv3, !TLSv1, !TLSv1.1`",
	)
}

// securityLevel returns how Postfix turns on TLS on a port.
func securityLevel(e *report.Endpoint) string {
	switch {
	case e.Implicit():
		return "`smtpd_tls_wrappermode=yes` for the port in master.cf"
	case e.URL.Protocol == policy.SMTP:
		return "`smtpd_tls_security_level = may`" // where other servers deliver, too
	}
	return "`smtpd_tls_security_level=encrypt` for the port in master.cf"
}

// openssl returns the command that looks at an endpoint.
func openssl(e *report.Endpoint) string {
	how := ""
	if !e.Implicit() {
		how = " -starttls smtp"
		if reads(e) {
			how = " -starttls " + strings.ToLower(e.URL.Protocol.String())
		}
	}
	return fmt.Sprintf("openssl s_client%s -connect %s", how, e.URL.Address())
}

// handshake returns what to do about TLS that could not be set up.
func handshake(e *report.Endpoint) string {
	switch {
	case !strings.Contains(e.Main().Error, "certificate required"):
		return fmt.Sprintf("{hint} Operator of the server: look at the log (`journalctl -u %s`).", service(e))
	case reads(e):
		return "{hint} Operator of the server: it demands a certificate of the client. To turn that off, set in Dovecot `auth_ssl_require_client_cert = no` and `ssl_server_request_client_cert = no` (before 2.4 `ssl_verify_client_cert = no`)."
	}
	return "{hint} Operator of the server: it demands a certificate of the client. To turn that off, set in Postfix `smtpd_tls_req_ccert = no`."
}

// unreached returns what to do about a server that was not reached.
func unreached(e *report.Endpoint) string {
	if !strings.Contains(e.Main().Error, "connection refused") {
		return "You: look whether this computer is on the net, and whether host and port are right."
	}
	return fmt.Sprintf("Operator of the server: nothing listens on port %d, or a firewall refuses it. Is the service running (`systemctl status %s`)? You: compare host and port with what the provider says.", port(e), service(e))
}

// spoken returns the name of the protocol on a port.
func spoken(e *report.Endpoint) string {
	if reads(e) {
		return strings.ToUpper(e.URL.Protocol.String())
	}
	return "SMTP"
}

// service returns the name of the program's unit of systemd. The one that is called postfix
// often only stands for the instances.
func service(e *report.Endpoint) string {
	if reads(e) {
		return "dovecot"
	}
	return "'postfix*'"
}

// careless says what becomes of programs, or on the port for relay of servers, that do not
// insist on TLS.
func careless(e *report.Endpoint) string {
	switch {
	case e.URL.Protocol == policy.SMTP && len(shown(e)) == 0:
		return "Others send the mail so that anyone on the way can read it."
	case e.Clear != nil && len(shown(e)) == 0:
		return "A program that does not insist may send the password in the clear, though the server says that it refuses such logins."
	}
	return "Others send the password and the mail so that anyone on the way can read them."
}
