package imapconn

import (
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/imapconn/internal/stream"
)

// send sends the messages of a batch, and notes what has become of each. Messages that
// the server has refused together are sent again, each in a command of its own: a
// refused command has appended none of its messages (RFC 3502 §6.3.11).
func (a *appender) send(b *appendBatch) error {
	ready := slices.DeleteFunc(slices.Clone(b.messages), func(m *outgoing) bool { return m.err != nil })
	most := 1
	if a.multi {
		most = max(1, len(ready))
	}
	refused, err := a.exchange(slices.Collect(slices.Chunk(ready, most)))
	if err != nil {
		unanswered(refused, a.c.loopError(err))
		return err
	}
	_, err = a.exchange(slices.Collect(slices.Chunk(refused, 1)))
	return err
}

// exchange sends a command for each group of messages. It returns the messages that
// were refused together.
func (a *appender) exchange(groups [][]*outgoing) (refused []*outgoing, err error) {
	requests := make([]commands.Request, 0, len(groups))
	for _, group := range groups {
		r := commands.Request{Command: "APPEND", Text: "APPEND " + a.mailbox}
		for _, m := range group {
			r.Literals = append(r.Literals, &m.Literal)
		}
		requests = append(requests, r)
	}
	if len(requests) == 0 {
		return nil, nil
	}
	x := new(commands.Exchange)
	s := a.c.stream
	if err = s.Begin(a.ctx, x, requests, stream.AnyMailbox); err == nil {
		err = s.AwaitAnswers(a.ctx, x)
	}
	answers := s.Answers(x)
	for i, group := range groups {
		switch {
		case i >= len(answers) || !answers[i].Came:
			unanswered(group, a.c.loopError(err))
		case answers[i].Refused != nil && len(group) > 1:
			refused = append(refused, group...)
		default:
			noteAnswer(group, answers[i])
		}
	}
	return rewound(refused), err
}

// rewound returns the messages whose contents can be read again, from their beginning.
func rewound(messages []*outgoing) (again []*outgoing) {
	for _, m := range messages {
		m.Sent = false
		if _, m.err = m.Content.(io.Seeker).Seek(m.start, io.SeekStart); m.err == nil {
			again = append(again, m)
		}
	}
	return again
}

// unanswered notes that a command has no answer. The server may have the messages if
// all of the command was sent.
func unanswered(group []*outgoing, err error) {
	for _, m := range group {
		m.err, m.inDoubt = err, group[len(group)-1].Sent
	}
}

var errNotTaken = errors.New("imapconn: the server has answered OK without taking the message")

// noteAnswer notes the answer to a command.
func noteAnswer(group []*outgoing, a commands.Answer) {
	switch {
	case a.Refused != nil:
		group[0].err = a.Refused
		return
	case !group[len(group)-1].Sent:
		for _, m := range group {
			m.err = errNotTaken
		}
		return
	}
	if a.Code != "APPENDUID" {
		return
	}
	validity, uids := appendUID(a.Args)
	if len(uids) != len(group) {
		return
	}
	for i, m := range group {
		m.result = Appended{UIDValidity: validity, UID: uids[i]}
	}
}

// appendUID reads the arguments of APPENDUID (RFC 4315 §3). There are no UIDs if they
// do not rise: it is not certain then which message has which.
func appendUID(args string) (validity uint32, uids []imap.UID) {
	first, set, _ := strings.Cut(args, " ")
	n, err := strconv.ParseUint(first, 10, 32)
	if err != nil || n == 0 {
		return 0, nil
	}
	for part := range strings.SplitSeq(set, ",") {
		r, ok := numset.ParseRange([]byte(part))
		low, high := min(r.Low, r.High), max(r.Low, r.High)
		if !ok || low == 0 || high-low >= maxAppends || len(uids) > 0 && imap.UID(low) <= uids[len(uids)-1] {
			return 0, nil
		}
		for n := uint64(low); n <= uint64(high) && len(uids) <= maxAppends; n++ {
			uids = append(uids, imap.UID(n))
		}
	}
	return uint32(n), uids
}
