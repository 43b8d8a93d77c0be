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

// Handle answers a command that begins with line.
func (s *Session) Handle(line string) error {
	tag, rest, _ := strings.Cut(line, " ")
	if s.tag = tag; tag == "" || tag == "*" || tag == "+" {
		s.Say("* BAD no tag")
		return nil
	}
	verb, _, _ := strings.Cut(rest, " ")
	verb = strings.ToUpper(verb)
	if verb == "AUTHENTICATE" { // has its own way to go on
		return s.Command(rest, s.reply, func() error { return s.authenticate(rest) })
	}
	usual := false
	err := s.Command(rest, s.reply, func() error {
		usual = true
		return s.read(verb, rest)
	})
	if !usual && err == nil {
		err = s.skipLiteral(rest)
	}
	if err == nil && verb == "LOGOUT" {
		return serve.ErrEnd
	}
	return err
}

// skipLiteral reads what a client sends without waiting behind a command that a
// rule has answered, or has kept from being carried out.
func (s *Session) skipLiteral(line string) error {
	for {
		n, synchronizing, ok := literal(line)
		if !ok || synchronizing {
			return nil
		}
		if err := s.ReadFull(make([]byte, n)); err != nil {
			return err
		}
		var err error
		if line, err = s.Line(); err != nil {
			return err
		}
	}
}

// errSyntax is what a command is not understood for.
var errSyntax = errors.New("cannot parse this")

// refusal is an error whose text ends the command: "NO [CODE] words".
type refusal string

func (r refusal) Error() string { return string(r) }

// read reads the rest of a command, runs it and says what came of it.
func (s *Session) read(verb, line string) error {
	c, err := s.command(verb, line)
	if err == nil {
		err = s.run(verb, c)
	}
	return s.refuse(err)
}

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

// errUnknown refuses a command that the server does not have.
const errUnknown = refusal("BAD unknown command, or not now")

// run runs a command that was read.
func (s *Session) run(verb string, c *command) error {
	switch verb {
	case "CAPABILITY":
		s.Say("* %s", s.capabilities())
		s.done("OK listed")
	case "NOOP", "CHECK":
		if err := s.sync(true); err != nil {
			return err
		}
		s.done("OK done")
	case "LOGOUT":
		s.Say("* BYE bye")
		s.done("OK done")
	case "ID":
		if !s.Has("ID") {
			return errUnknown
		}
		s.Say(`* ID ("name" "dialtest")`)
		s.done("OK done")
	case "STARTTLS":
		return s.starttls()
	case "LOGIN":
		return s.login(c)
	default:
		if !s.Authed {
			return refusal("BAD unknown command, or log in first")
		}
		return s.authenticated(verb, c)
	}
	return nil
}

// authenticated runs a command of a session that is logged in.
func (s *Session) authenticated(verb string, c *command) error {
	run := map[string]func(*command) error{
		"LIST": s.list, "LSUB": s.list, "STATUS": s.status, "NAMESPACE": s.namespace, "ENABLE": s.enable,
		"CREATE": s.create, "DELETE": s.remove, "RENAME": s.rename, "SUBSCRIBE": s.subscribe, "UNSUBSCRIBE": s.subscribe,
		"SELECT": s.open, "EXAMINE": s.open, "APPEND": s.append, "IDLE": s.idle, "COMPRESS": s.compress,
	}[verb]
	if run == nil && s.box != nil {
		run = map[string]func(*command) error{
			"CLOSE": s.close, "UNSELECT": s.close, "EXPUNGE": s.expunge, "FETCH": s.fetch, "SEARCH": s.search,
			"STORE": s.store, "COPY": s.copy, "MOVE": s.copy, "UID": s.uid,
		}[verb]
	}
	extension := map[string]string{
		"NAMESPACE": "NAMESPACE", "ENABLE": "ENABLE", "IDLE": "IDLE", "UNSELECT": "UNSELECT", "MOVE": "MOVE",
		"COMPRESS": "COMPRESS=DEFLATE",
	}[verb]
	if run == nil || extension != "" && !s.Has(extension) {
		return errUnknown
	}
	return run(c)
}

// uid runs a command whose numbers are UIDs.
func (s *Session) uid(c *command) error {
	c.verb, c.uids = strings.ToUpper(c.atom()), true
	if c.space(); c.verb == "EXPUNGE" && !s.Has("UIDPLUS") {
		return errUnknown
	}
	switch c.verb {
	case "FETCH", "SEARCH", "STORE", "COPY", "MOVE", "EXPUNGE":
		return s.authenticated(c.verb, c)
	}
	return errUnknown
}
