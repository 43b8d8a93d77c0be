package fetch

import (
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// codeExpungeIssued is the code of a refusal because messages have vanished (RFC 5530 §3).
const codeExpungeIssued imap.ResponseCode = "EXPUNGEISSUED"

// batch is an exchange that asks for some messages.
type batch struct {
	commands.Exchange
	of       *Loop
	uids     numset.Set
	alone    bool // a command each
	got      numset.Set
	suspects numset.Set // that came in the form of some servers for what has vanished
	messages []Message
}

// requests returns the commands of the batch.
func (b *batch) requests() []commands.Request {
	if b.alone {
		requests := make([]commands.Request, 0, len(b.uids))
		for _, r := range b.uids {
			requests = append(requests, b.request(numset.Set{r}))
		}
		return requests
	}
	return []commands.Request{b.request(b.uids)}
}

func (b *batch) request(uids numset.Set) commands.Request {
	text := append(uids.AppendText([]byte("UID FETCH ")), " ("+b.of.items...)
	for _, w := range b.of.sections {
		text = append(append(text, ' '), w.piece(w.from, w.left(0, b.of.piece))...)
	}
	return commands.Request{Command: "FETCH", Text: string(append(text, ')')), UIDs: uids}
}

// add takes a message that has come.
func (b *batch) add(f *message.Fetch, why error) {
	uid := uint32(f.UID)
	if b.got.Contains(uid) {
		return // it can only be there to fill memory
	}
	b.got.Add(uid)
	m := Message{Fetch: *f}
	m.Sections, m.Raw = nil, slices.Clone(f.Raw) // those are the reader's
	o := &b.of.o
	if why == nil && (o.Envelope && m.Envelope == nil || o.BodyStructure && m.BodyStructure == nil) {
		why = ErrShort
	}
	if why == nil {
		why = b.contents(&m, f)
	}
	m.Err = why
	if f.Size == 0 || slices.ContainsFunc(f.Sections, func(s message.Section) bool { return s.Content == nil }) {
		b.suspects.Add(uid)
	}
	b.messages = append(b.messages, m)
}

// contents gives a message the sections that have come with it.
func (b *batch) contents(m *Message, f *message.Fetch) error {
	if len(b.of.sections) == 0 {
		return nil
	}
	m.Contents = make([]*Content, len(b.of.sections))
	for _, s := range f.Sections {
		i, offset := match(b.of.sections, s.Name)
		if i < 0 || m.Contents[i] != nil || offset >= 0 && offset != b.of.sections[i].from {
			continue
		}
		c := &Content{of: b.of, uid: uint32(f.UID), size: f.Size, section: b.of.sections[i]}
		if c.Missing = s.Content == nil; c.Missing && c.section.spec == "" && f.Size > 0 {
			return ErrShort
		}
		if offset < 0 {
			c.whole(s.Content)
		} else {
			c.first(s.Content)
		}
		m.Contents[i] = c
	}
	if slices.Contains(m.Contents, nil) {
		return ErrShort
	}
	return nil
}

// takeSuspects takes out the messages that may have vanished, and returns them, a range
// each.
func (b *batch) takeSuspects() (uids numset.Set) {
	b.messages = slices.DeleteFunc(b.messages, func(m Message) bool {
		suspect := b.suspects.Contains(uint32(m.UID))
		if suspect {
			uids = append(uids, numset.Range{Low: uint32(m.UID), High: uint32(m.UID)})
		}
		return suspect
	})
	return uids
}

// missing returns the messages that have not come, a range each.
func (b *batch) missing() (uids numset.Set) {
	for _, r := range b.uids {
		for n := uint64(r.Low); n <= uint64(r.High); n++ {
			if !b.got.Contains(uint32(n)) {
				uids = append(uids, numset.Range{Low: uint32(n), High: uint32(n)})
			}
		}
	}
	return uids
}

// refuse notes that the server has refused a message. One that is not there is none.
func (b *batch) refuse(uid uint32, refused *imap.Error) {
	if b.got.Contains(uid) || refused.Code == codeExpungeIssued || refused.Code == imap.ResponseCodeNonExistent {
		return
	}
	b.messages = append(b.messages, Message{Fetch: message.Fetch{UID: imap.UID(uid), Size: -1}, Err: refused})
}
