package imapd

import (
	"strings"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
)

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

// skipLiteral reads the literals that a client sends without waiting, of a command that a
// rule has answered or skipped.
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

// read reads the rest of a command, runs it and says what came of it.
func (s *Session) read(verb, line string) error {
	c, err := s.command(verb, line)
	if err == nil {
		err = s.run(verb, c)
	}
	return s.refuse(err)
}

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

// errUnknown refuses a command that the server does not have.
const errUnknown = refusal("BAD unknown command, or not now")
