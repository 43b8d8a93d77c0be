// Package imapd is an IMAP server's side of a session: RFC 3501 over the
// mailboxes of a mailstore.Store, with the extensions that programs watch,
// synchronize and fill mailboxes with.
package imapd

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

// Session is a client's session.
type Session struct {
	*serve.Session

	tag       string
	box       *view // the selected mailbox, nil if there is none
	condStore bool
	qResync   bool
}

// Greeting returns the usual greeting, with the capabilities.
func (s *Session) Greeting() string { return "* OK [" + s.capabilities() + "] ready" }

// Greeted reports whether the client is to go on. After PREAUTH it counts as
// logged in.
func (s *Session) Greeted(greeting string) bool {
	upper := strings.ToUpper(greeting)
	s.Authed = strings.HasPrefix(upper, "* PREAUTH")
	return s.Authed || strings.HasPrefix(upper, "* OK")
}

// extensions are what a session that is logged in can use.
func extensions() []string {
	return []string{
		"IDLE", "NAMESPACE", "UNSELECT", "UIDPLUS", "MOVE", "ENABLE", "ID", "ESEARCH", "SPECIAL-USE", "LIST-STATUS",
		"CONDSTORE", "QRESYNC", "LITERAL+", "MULTIAPPEND", "STATUS=SIZE", "COMPRESS=DEFLATE",
	}
}

// Extensions returns those that a server can be without.
func Extensions() []string { return append(extensions(), "SASL-IR", "STARTTLS") }

// Commands returns the commands of IMAP and its extensions, those that this server does
// not understand among them.
func Commands() []string {
	return []string{
		"CAPABILITY", "NOOP", "LOGOUT", "ID", "STARTTLS", "LOGIN", "AUTHENTICATE", "UNAUTHENTICATE", "ENABLE", "COMPRESS",
		"NAMESPACE", "LIST", "LSUB", "RLIST", "RLSUB", "CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS",
		"SELECT", "EXAMINE", "CHECK", "CLOSE", "UNSELECT", "IDLE", "NOTIFY", "APPEND", "EXPUNGE",
		"FETCH", "SEARCH", "ESEARCH", "STORE", "COPY", "MOVE", "REPLACE", "SORT", "THREAD", "CONVERT",
		"UID FETCH", "UID SEARCH", "UID STORE", "UID COPY", "UID MOVE", "UID EXPUNGE", "UID REPLACE", "UID SORT", "UID THREAD", "UID CONVERT",
		"GETQUOTA", "GETQUOTAROOT", "SETQUOTA", "GETACL", "SETACL", "DELETEACL", "LISTRIGHTS", "MYRIGHTS", "GETMETADATA", "SETMETADATA",
		"LANGUAGE", "COMPARATOR", "GENURLAUTH", "RESETKEY", "URLFETCH", "CONVERSIONS", "CANCELUPDATE", "UIDBATCHES", "GETJMAPACCESS",
	}
}

// capabilities returns the list for the state that the session is in.
func (s *Session) capabilities() string {
	list := []string{"CAPABILITY", "IMAP4rev1"}
	if s.Authed {
		for _, e := range extensions() {
			if s.Has(e) {
				list = append(list, e)
			}
		}
		return strings.Join(list, " ")
	}
	if s.Has("SASL-IR") {
		list = append(list, "SASL-IR")
	}
	if s.MayUpgrade() {
		list = append(list, "STARTTLS")
	}
	if !s.MayLogin() {
		return strings.Join(append(list, "LOGINDISABLED"), " ")
	}
	for _, m := range s.Mechanisms {
		list = append(list, "AUTH="+m)
	}
	return strings.Join(list, " ")
}

// done ends the command with its tagged line.
func (s *Session) done(format string, args ...any) {
	s.Say("%s %s", s.tag, fmt.Sprintf(format, args...))
}

// reply says a line of a rule's reply: with the command's tag, unless it is an
// untagged one.
func (s *Session) reply(line string) {
	if strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "+") {
		s.Say("%s", line)
		return
	}
	s.done("%s", line)
}

// errSyntax is what a command is not understood for.
var errSyntax = errors.New("cannot parse this")

// refusal is an error whose text ends the command: "NO [CODE] words".
type refusal string

func (r refusal) Error() string { return string(r) }

// refuse says why a command is not carried out, and returns an error that ends the
// session.
func (s *Session) refuse(err error) error {
	var refused refusal
	var ruled *serve.Refusal
	switch {
	case errors.As(err, &refused):
		s.done("%s", string(refused))
	case errors.As(err, &ruled):
		s.reply(ruled.Reply)
	case errors.Is(err, errSyntax):
		s.done("BAD %v", err)
	default:
		return err
	}
	return nil
}
