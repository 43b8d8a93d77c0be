package findings

import (
	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/examples/check/internal/report"
)

// rows returns the table.
func rows() (all []row) {
	for _, some := range [][]row{plainRows(), refusalRows(), otherRows(), certificateRows(), chainRows()} {
		all = append(all, some...)
	}
	return all
}

// plainRows are about what goes without encryption.
func plainRows() []row {
	return []row{
		{"no-starttls", report.Exposed, because(report.NotOffered),
			"The server does not announce STARTTLS, so that there is no encryption on this port. Mail programs that insist on it get no connection. {careless}",
			"Operator of the server: turn on TLS for this port ({tls}). If it is on, something between you and the server (an attacker, a firewall, a virus scanner) removes it: look again from another network."},
		{"hidden-starttls", report.Exposed, hiddenSTARTTLS,
			"The server can encrypt, but does not announce STARTTLS in its list. Mail programs that go by the list stay without encryption. {careless}",
			"Operator of the server: have it list STARTTLS before the login. If it does, something between you and the server (an attacker, a firewall, a virus scanner) removes it: look again from another network."},
		{"injected", report.Suspect, because(report.Injected),
			"Right after STARTTLS extra data came that does not belong there. It may come from an attacker on the way, who wants it to be taken for the server's.",
			"You: do not log in over this network, and look again from another one. Operator, if it is the same everywhere: update the mail server, or the proxy in front of it."},
		{"preauth", report.Suspect, because(report.Preauth),
			"The server says that you are logged in already (PREAUTH), which would keep a mail program from turning on encryption.",
			"You: do not use this network. Operator, if it is the same everywhere: what answers on this port treats everyone as logged in; `ss -ltnp` on the server shows which program that is."},
		{"clear-login", report.Exposed, clearLogin,
			"The server takes passwords without encryption ({clear}). A mail program that is set up wrongly shows its password to anyone on the way.",
			"Operator of the server: allow logins only after STARTTLS ({noclear})."},
		{"not-tls", report.Locked, because(report.NotTLS),
			"Port {port} must be encrypted from the start; here it is not.",
			"Operator of the server: turn on TLS for this port ({tls}). You: until then use {starttls}, if that is protected."},
	}
}

// refusalRows are about servers that do not do what they are for.
func refusalRows() []row {
	return []row{
		{"turned-away", report.Locked, refusedIn(dial.PhaseGreeting),
			"The server turns the connection away: {error}",
			"{hint} Operator of the server: the log says why (`journalctl -u {service}`); often there are too many connections at once ({limit})."},
		{"starttls-refused", report.Locked, refusedIn(dial.PhaseSTARTTLS),
			"The server announces STARTTLS, and then does not do it: {error}",
			"Operator of the server: look at the log (`journalctl -u {service}`); often the certificate or its key cannot be read ({files})."},
		{"no-mail-server", report.Locked, because(report.Malformed),
			"What answers on this port does not speak {protocol}: {error}",
			"You: compare host, port and protocol with what the provider says. {hint} Operator of the server: `ss -ltnp` shows which program listens on port {port}."},
		{"endless-answer", report.Locked, because(report.TooLong),
			"The server's answer does not end.",
			"Operator of the server: `ss -ltnp` shows which program listens on port {port}."},
		{"silent", report.Locked, because(report.Silent),
			"The server takes the connection, and then does not answer (phase {phase}).",
			"{hint} Operator: run `{openssl}` on the server itself. If it gets an answer there, a firewall on the way is the cause; if not, look at the log (`journalctl -u {service}`)."},
		{"hung-up", report.Locked, because(report.HungUp),
			"The server ends the connection by itself (phase {phase}): {error}",
			"{hint} Operator of the server: look at the log (`journalctl -u {service}`)."},
		{"old-tls-only", report.Locked, oldTLSOnly,
			"The server has only versions of TLS that must not be used any more ({old}). Mail programs of today refuse it.",
			"Operator of the server: update it, and turn on TLS 1.2 and 1.3."},
		{"no-handshake", report.Locked, noHandshake, "TLS could not be set up: {error}", "{handshake}"},
	}
}

// otherRows are about the login, and about what no other row is about.
func otherRows() []row {
	return []row{
		{"login-failed", report.NoLogin, func(e *report.Endpoint, _ int) bool { return e.Login != nil && e.Login.Error != "" },
			"The login as {user} did not work: {login}",
			"{loginhint}"},
		{"other", report.Locked, because(report.Other), "The connection could not be made: {error}", "{advice}"},
		{"unreachable", report.Unknown, because(report.Unreachable),
			"It could not be looked at, as there is no connection: {error}",
			"{unreached} Nothing is known of how the server is protected."},
		{"cut-short", report.Unknown, func(e *report.Endpoint, _ int) bool { return e.Cut },
			"The run ended before all of it was looked at.",
			"You: let it run to its end, with more time (`-total`) if need be."},
		{"old-tls", report.Weaker, func(e *report.Endpoint, _ int) bool { return e.OldTLS.Any() && protected(e) },
			"The server also takes {old}, which must not be used any more (RFC 8996).",
			"Operator of the server: turn off what is older than TLS 1.2 ({newtls})."},
		{"unbound-login", report.Weaker, func(e *report.Endpoint, _ int) bool { return e.Login != nil && e.Login.Unbound != "" },
			"The server offers a login that is tied to the encrypted connection (-PLUS), and then refuses it: {unbound}",
			"Operator of the server: if a proxy decrypts in front of the server, take the mechanisms ending in `-PLUS` out of its list; if there is none, update the server."},
	}
}
