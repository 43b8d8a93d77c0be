package dialtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/policy"
)

// Rule is a failure to order: what a [Server] does otherwise than the standards
// say, at which moment and how often. Of several rules for one moment the first
// that still applies does.
//
//	{At: "RCPT TO:<ann@mail.test>", Reply: "550 5.1.1 no such user"}
//	{At: "MAIL", Reply: "451 4.3.0 not now", Times: 2}
//	{At: "greeting", Over: 3, Reply: "421 4.7.0 too many connections", End: dialtest.EndClose}
//	{At: "APPEND", Reply: "NO [OVERQUOTA] full"}
//	{At: "FETCH", After: 10, Bytes: 5000, End: dialtest.EndReset}
//	{At: ".", Choose: func(m dialtest.Moment) dialtest.Rule { ... }}
//
// A rule whose moment never comes is not told, as nothing happens: ask for
// [Server.UnusedRules] at the end of a test, or count in Do.
type Rule struct {
	// At is the moment: a command as the client sends it, without the tag, in
	// any case. What stands behind the pattern and a blank does not matter, and
	// "*" stands for anything: "RCPT", "RETR 2", "UID FETCH *BODY*". "" is an empty
	// line. It may be a command that the server does not understand, for which a Reply
	// stands in, as "GETQUOTA": but one of the protocol or its extensions, or one that
	// begins with "X". Any other is an error. The other moments are
	//
	//	connect      a connection has come; there is nothing to reply yet
	//	closed       it has ended; there is nothing to reply any more
	//	greeting     the server greets
	//	credentials  a name and a password are judged, by whatever command
	//	.            an SMTP client has sent a message by DATA
	//	BDAT         it has sent a chunk
	//	idling       IDLE has begun (IMAP): the reply is an untagged line
	At string

	// After is how often the moment passes before the rule applies; zero means
	// that it applies from the first. Times is how often it applies then; zero
	// means always. Over has the rule apply only while more than so many
	// connections are open, this one included.
	After, Times int
	Over         int

	// Delay is how long the server waits first.
	Delay time.Duration

	// Do, if set, is called then, with the command: to deliver mail while a
	// session is under way, to give a mailbox new UIDs, to count.
	Do func(command string)

	// Choose, if set, is called then, and chooses what is done: in place of this
	// rule's, Delay, Do, Reply, Obey, Skip, Bytes and End of the Rule that it returns
	// count. The zero Rule means that this rule does not apply. Connections call it
	// at the same time, and it may use the server.
	Choose func(Moment) Rule

	// Reply is said in place of the usual reply, and the command is not carried
	// out. A login is refused, a message is taken if the reply begins with "2".
	// Several lines are separated by "\n". With IMAP a line that begins with
	// "* " or "+ " goes out as it is, and any other behind the command's tag.
	Reply string

	// Obey means that the command is carried out all the same, and Reply said in
	// place of what the server has to say: "251 will forward" to a recipient that
	// counts, "-ERR" to a QUIT that deletes.
	Obey bool

	// Skip means that the command is not carried out. Without a Reply nothing
	// is said, but a login is refused as a wrong password is.
	Skip bool

	// Bytes limits what is still sent on the connection, to so many bytes of
	// the reply. Zero means no limit, and a negative number nothing: with End,
	// the server does what it was told and hangs up without a word.
	Bytes int

	// End is how the connection ends when the reply is sent.
	End End
}

// End is how a connection ends. The zero End means that it does not.
type End uint8

const (
	// EndClose means that the server hangs up.
	EndClose End = iota + 1
	// EndReset means that it does so with a reset, over TCP.
	EndReset
	// EndStall means that it stays silent from then on, and reads everything.
	EndStall
)

// Moment is what [Rule.Choose] goes by.
type Moment struct {
	// Command is what Rule.At is a pattern of: the command as the client sent it,
	// or the word for a moment that is none.
	Command string
	// Conn is the number of the connection, from 0, in the order in which they came.
	Conn int
	// Message is what the client of an SMTP server has said of a message so far; at
	// "." all of it. It must not be changed.
	Message Message
}

// checkRules returns what is wrong with rules for servers of a protocol.
func checkRules(p policy.Protocol, rules []Rule) error {
	_, moments := vocabulary(p)
	for _, r := range rules {
		switch {
		case r.At != "" && !slices.ContainsFunc(moments, func(m string) bool { return mayMatch(r.At, m) }):
			return fmt.Errorf("dialtest: a rule for %q: no such command or moment of %v", r.At, p)
		case r.After < 0 || r.Times < 0 || r.Over < 0 || r.Delay < 0:
			return fmt.Errorf("dialtest: a number below zero in a rule for %q", r.At)
		case r.End > EndStall:
			return fmt.Errorf("dialtest: no such End in a rule for %q: %d", r.At, r.End)
		}
	}
	return nil
}

// mayMatch reports whether a pattern may be that of a moment which begins with words, in
// any case. A line that ends in "=" is an answer to a challenge of SASL, which can be
// anything.
func mayMatch(pattern, words string) bool {
	words = strings.ToUpper(words)
	start, _, open := strings.Cut(strings.ToUpper(pattern), "*")
	return strings.HasPrefix(start, "X") || strings.HasSuffix(start, "=") || start == words ||
		strings.HasPrefix(start, words+" ") || strings.HasPrefix(words, start+" ") || open && strings.HasPrefix(words, start)
}

// orders returns rules as servers keep them.
func orders(rules []Rule) []serve.Rule {
	all := make([]serve.Rule, len(rules))
	for i, r := range rules {
		all[i] = order(r)
	}
	return all
}

func order(r Rule) serve.Rule {
	o := serve.Rule{
		At: r.At, After: r.After, Times: r.Times, Over: r.Over, Delay: r.Delay, Do: r.Do,
		Reply: r.Reply, Obey: r.Obey, Skip: r.Skip, Bytes: r.Bytes, End: serve.End(r.End),
	}
	if r.Choose != nil {
		o.Choose = func(m serve.Moment) serve.Rule {
			return order(r.Choose(Moment{m.Command, m.Conn, Message(m.Message)}))
		}
	}
	return o
}
