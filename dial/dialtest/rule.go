package dialtest

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/mailconn/mailconn/dial/dialtest/internal/serve"
	"github.com/mailconn/mailconn/policy"
)

// Rule is a failure of a [Server]: what it does instead of what the standards say, at which
// moment, and how often. Of several rules for one moment the first that still applies is
// used.
//
//	{At: "RCPT TO:<ann@mail.test>", Reply: "550 5.1.1 no such user"}
//	{At: "MAIL", Reply: "451 4.3.0 not now", Times: 2}
//	{At: "greeting", Over: 3, Reply: "421 4.7.0 too many connections", End: dialtest.EndClose}
//	{At: "APPEND", Reply: "NO [OVERQUOTA] full"}
//	{At: "FETCH", After: 10, Bytes: 5000, End: dialtest.EndReset}
//	{At: ".", Choose: func(m dialtest.Moment) dialtest.Rule { ... }}
//
// A rule whose moment never comes has no effect: call [Server.UnusedRules] at the end of a
// test to find it.
type Rule struct {
	// At is the moment: a pattern for commands as the client sends them, without the tag,
	// in any case. It matches commands that are the same, or that continue with a blank
	// and anything else, and "*" in it matches anything: "RCPT", "RETR 2", "UID FETCH
	// *BODY*". The empty pattern matches an empty line. The command may be one that the
	// server does not have, such as "GETQUOTA", for which Reply is the answer, but must
	// be one of the protocol or its extensions, or begin with "X". Any other is an error.
	// The other moments are
	//
	//	connect      a connection was made; Reply is not used
	//	closed       a connection has ended; Reply is not used
	//	greeting     the server greets
	//	credentials  a name and a password are checked, by whatever command
	//	.            an SMTP client has sent the content of a message by DATA
	//	BDAT         an SMTP client has sent a chunk
	//	idling       IDLE has begun (IMAP); Reply is an untagged line
	At string

	// After is how often the moment passes before the rule applies; zero means that it
	// applies from the first time. Times is how often it applies then; zero means
	// always. If Over is not zero, the rule applies only while more connections than
	// that are open, this one included.
	After, Times int
	Over         int

	// Delay is how long the server waits first.
	Delay time.Duration

	// Do, if set, is called then, with the command: to deliver mail while a
	// session is under way, to give a mailbox new UIDs, to count.
	Do func(command string)

	// Choose, if set, is called then, and decides what is done: Delay, Do, Reply, Obey,
	// Skip, Bytes and End are taken from the Rule that it returns. The zero Rule means
	// that this rule does not apply. Choose is called by several goroutines at once, and
	// may use the server.
	Choose func(Moment) Rule

	// Reply is sent in place of the usual reply, and the command is not executed. A login
	// is refused. A message is accepted if the reply begins with "2". Several lines are
	// separated by "\n". In IMAP a line that begins with "* " or "+ " is sent as it is,
	// and any other after the command's tag.
	Reply string

	// Obey means that the command is executed nevertheless, and Reply sent in place of
	// its reply: "251 will forward" for a recipient that is accepted, "-ERR" for a QUIT
	// that deletes.
	Obey bool

	// Skip means that the command is not executed. Without a Reply nothing is sent,
	// except that a login is refused as with a wrong password.
	Skip bool

	// Bytes is how many bytes of the reply are still sent on the connection. Zero means
	// no limit, and a negative number none: with End the server executes the command and
	// hangs up without a reply.
	Bytes int

	// End is how the connection ends when the reply is sent.
	End End
}

// End is how a connection ends. The zero End means that it does not.
type End uint8

const (
	// EndClose means that the server hangs up.
	EndClose End = iota + 1
	// EndReset means that the server resets the connection, over TCP.
	EndReset
	// EndStall means that the server sends nothing any more, and reads everything.
	EndStall
)

// Moment is the argument of [Rule.Choose].
type Moment struct {
	// Command is the command as the client sent it, or the word for another moment, as
	// Rule.At has it.
	Command string
	// Conn is the number of the connection, from 0, in the order in which they were made.
	Conn int
	// Message is what the client of an SMTP server has sent of a message so far; at "."
	// all of it. It must not be changed.
	Message Message
}

// checkRules returns an error if a rule is not valid for servers of a protocol.
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

// mayMatch reports whether a pattern may match a moment that begins with words, in any
// case. A pattern that ends in "=" is the answer to a SASL challenge, which can be
// anything.
func mayMatch(pattern, words string) bool {
	words = strings.ToUpper(words)
	start, _, open := strings.Cut(strings.ToUpper(pattern), "*")
	return strings.HasPrefix(start, "X") || strings.HasSuffix(start, "=") || start == words ||
		strings.HasPrefix(start, words+" ") || strings.HasPrefix(words, start+" ") || open && strings.HasPrefix(words, start)
}

// orders returns rules in the form of package serve.
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
