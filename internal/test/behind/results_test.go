package behind

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sort"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/policy"
)

// message returns a message as one line.
func message(m *imapclient.FetchMessageBuffer) string {
	l := line{}
	l.add("#%d", m.SeqNum)
	if m.UID != 0 {
		l.add("uid %d", m.UID)
	}
	if m.Flags != nil {
		l.add("flags %v", m.Flags)
	}
	if !m.InternalDate.IsZero() {
		l.add("date %s", m.InternalDate.Format(time.RFC3339))
	}
	if m.RFC822Size != 0 {
		l.add("size %d", m.RFC822Size)
	}
	if m.ModSeq != 0 {
		l.add("modseq %d", m.ModSeq)
	}
	if m.Envelope != nil {
		l.add("envelope {%s}", envelope(m.Envelope))
	}
	if m.BodyStructure != nil {
		l.add("structure {%s}", structure(m.BodyStructure))
	}
	for _, b := range m.BodySection {
		l.add("body[%s] %s", section(b.Section), content(b.Bytes))
	}
	for _, b := range m.BinarySection {
		l.add("binary%v %s", b.Section.Part, content(b.Bytes))
	}
	for _, b := range m.BinarySectionSize {
		l.add("binary-size%v %d", b.Part, b.Size)
	}
	return l.String()
}

type line []string

func (l *line) add(format string, args ...any) { *l = append(*l, fmt.Sprintf(format, args...)) }
func (l line) String() string                  { return strings.Join(l, " ") }

func content(b []byte) string {
	if b == nil {
		return "none"
	}
	if len(b) > 200 {
		return fmt.Sprintf("%d bytes", len(b))
	}
	return fmt.Sprintf("%q", b)
}

func section(s *imap.FetchItemBodySection) string {
	parts := strings.Trim(strings.ReplaceAll(fmt.Sprint(s.Part), " ", "."), "[]")
	text := strings.Trim(parts+"."+string(s.Specifier), ".")
	if len(s.HeaderFields) > 0 {
		text += fmt.Sprint(s.HeaderFields)
	}
	if s.Partial != nil {
		text += fmt.Sprintf("<%d>", s.Partial.Offset)
	}
	return text
}

func envelope(e *imap.Envelope) string {
	l := line{}
	if !e.Date.IsZero() {
		l.add("date %s", e.Date.UTC().Format(time.RFC3339))
	}
	if e.Subject != "" {
		l.add("subject %s", content([]byte(e.Subject)))
	}
	for _, field := range []struct {
		name string
		list []imap.Address
	}{{"from", e.From}, {"sender", e.Sender}, {"reply-to", e.ReplyTo}, {"to", e.To}, {"cc", e.Cc}, {"bcc", e.Bcc}} {
		for _, a := range field.list {
			l.add("%s %q<%s@%s>", field.name, a.Name, a.Mailbox, a.Host)
		}
	}
	for _, id := range e.InReplyTo {
		l.add("in-reply-to %s", content([]byte(id)))
	}
	if e.MessageID != "" {
		l.add("id %s", content([]byte(e.MessageID)))
	}
	return l.String()
}

func params(m map[string]string) string {
	var list []string
	for k, v := range m {
		list = append(list, k+"="+v)
	}
	sort.Strings(list)
	if list == nil {
		return ""
	}
	return "; " + strings.Join(list, "; ")
}

func disposition(d *imap.BodyStructureDisposition) string {
	if d == nil {
		return ""
	}
	return " disposition " + d.Value + params(d.Params)
}

func structure(b imap.BodyStructure) string {
	switch b := b.(type) {
	case *imap.BodyStructureMultiPart:
		var parts []string
		for _, child := range b.Children {
			parts = append(parts, structure(child))
		}
		text := "multipart/" + b.Subtype
		if x := b.Extended; x != nil {
			text += params(x.Params) + disposition(x.Disposition) + language(x.Language, x.Location)
		}
		return text + " (" + strings.Join(parts, ", ") + ")"
	case *imap.BodyStructureSinglePart:
		text := b.Type + "/" + b.Subtype + params(b.Params)
		if b.ID != "" {
			text += " id " + b.ID
		}
		if b.Description != "" {
			text += " description " + b.Description
		}
		text += fmt.Sprintf(" %s %d", b.Encoding, b.Size)
		if b.Text != nil {
			text += fmt.Sprintf(" lines %d", b.Text.NumLines)
		}
		if x := b.Extended; x != nil {
			text += disposition(x.Disposition) + language(x.Language, x.Location)
		}
		if m := b.MessageRFC822; m != nil {
			text += fmt.Sprintf(" message {%s} {%s} lines %d", envelope(m.Envelope), structure(m.BodyStructure), m.NumLines)
		}
		return text
	}
	return "?"
}

func language(list []string, location string) string {
	text := ""
	if len(list) > 0 {
		text = " language " + strings.Join(list, ",")
	}
	if location != "" {
		text += " location " + location
	}
	return text
}

// failed returns what a program sees of an error of a command.
func failed(err error) string {
	var refused *imap.Error
	var over *dial.Error
	switch {
	case errors.As(err, &over):
		return "failed: " + end(err)
	case errors.As(err, &refused) && refused.Code == imapconn.ResponseCodeUnreadable:
		return "failed: unreadable"
	case errors.As(err, &refused):
		return "failed: " + strings.TrimPrefix(refused.Error(), "imap: ")
	}
	return "failed: untyped"
}

// end returns how a session has ended, in a word, and the server's words if it has said
// any.
func end(err error) string {
	var left *dial.Farewell
	var over *dial.Error
	switch {
	case err == nil:
		return ""
	case !errors.As(err, &over) || over.Phase != dial.PhaseSession:
		return "untyped"
	case errors.Is(err, policy.ErrLimit):
		return "limit"
	case errors.Is(err, policy.ErrMalformed):
		return "malformed"
	case errors.Is(err, policy.ErrInjected):
		return "injected"
	case errors.Is(err, os.ErrDeadlineExceeded):
		return "timeout"
	case errors.Is(err, net.ErrClosed):
		return "closed"
	case errors.As(err, &left) && left.Reply != "":
		return "farewell " + left.Reply
	case errors.Is(err, io.ErrUnexpectedEOF):
		return "cut"
	case errors.As(err, &left):
		return "left"
	}
	return "other"
}

// notice returns a notice as one line.
func notice(n imapconn.Notice) string {
	l := line{}
	switch {
	case n.Alert != "":
		l.add("alert %s", n.Alert)
	case n.Farewell != nil:
		l.add("farewell %s", n.Farewell.Reply)
	case n.Dropped != nil:
		l.add("dropped %s", what(n.Dropped))
	case n.Mended != nil:
		l.add("mended %s", what(n.Mended))
	}
	if n.SeqNum != 0 {
		l.add("#%d", n.SeqNum)
	}
	if n.UID != 0 {
		l.add("uid %d", n.UID)
	}
	return l.String()
}

// what returns what an error of a notice is about.
func what(err error) string {
	var v *policy.Violation
	if errors.As(err, &v) {
		err = v.Err
	}
	text := strings.TrimPrefix(err.Error(), "imapconn: ")
	return strings.TrimSuffix(strings.TrimSuffix(text, " cannot be read"), " is not known to go-imap")
}
