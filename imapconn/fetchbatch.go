package imapconn

import (
	"errors"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/internal/line/imap/message"
)

var (
	errPassed   = errors.New("imapconn: the loop has gone on to another message")
	errVanished = errors.New("imapconn: the message has vanished while it was read")
	errShort    = errors.New("imapconn: the server has left out something that was asked for")
)

// codeExpungeIssued is the code of a refusal because messages have vanished (RFC 5530 §3).
const codeExpungeIssued imap.ResponseCode = "EXPUNGEISSUED"

// batch is an exchange that asks for some messages.
type batch struct {
	exchange
	of       *fetcher
	uids     messageSet
	alone    bool // a command each
	got      messageSet
	suspects messageSet // that came in the form of some servers for what has vanished
	messages []*Message
}

// requests returns the commands of the batch.
func (b *batch) requests() []request {
	if b.alone {
		requests := make([]request, 0, len(b.uids))
		for _, r := range b.uids {
			requests = append(requests, b.request(messageSet{r}))
		}
		return requests
	}
	return []request{b.request(b.uids)}
}

func (b *batch) request(uids messageSet) request {
	text := append(uids.appendText([]byte("UID FETCH ")), " ("+b.of.items...)
	for _, w := range b.of.sections {
		text = append(append(text, ' '), w.piece(w.from, w.left(0, b.of.piece))...)
	}
	return request{command: "FETCH", text: string(append(text, ')')), uids: uids}
}

// add takes a message that has come.
func (b *batch) add(f *message.Fetch, why error) {
	uid := uint32(f.UID)
	if b.got.contains(uid) {
		return // it can only be there to fill memory
	}
	b.got.add(uid)
	m := &Message{
		SeqNum: f.SeqNum, UID: f.UID, Flags: f.Flags, Size: f.Size, Envelope: f.Envelope,
		BodyStructure: f.BodyStructure, InternalDate: f.InternalDate, ModSeq: f.ModSeq,
	}
	for _, raw := range f.Raw {
		if m.Raw == nil {
			m.Raw = make(map[string]string, len(f.Raw))
		}
		m.Raw[raw.Name] = raw.Value
	}
	o := &b.of.o
	if why == nil && (o.Envelope && m.Envelope == nil || o.BodyStructure && m.BodyStructure == nil) {
		why = errShort
	}
	if why == nil {
		why = b.contents(m, f)
	}
	if why != nil {
		m.err = &MessageError{UID: f.UID, Err: why}
	}
	if f.Size == 0 || slices.ContainsFunc(f.Sections, func(s message.Section) bool { return s.Content == nil }) {
		b.suspects.add(uid)
	}
	b.messages = append(b.messages, m)
}

// contents gives a message the sections that have come with it.
func (b *batch) contents(m *Message, f *message.Fetch) error {
	if len(b.of.sections) == 0 {
		return nil
	}
	m.sections = make([]*content, len(b.of.sections))
	for _, s := range f.Sections {
		i, offset := match(b.of.sections, s.Name)
		if i < 0 || m.sections[i] != nil || offset >= 0 && offset != b.of.sections[i].from {
			continue
		}
		c := &content{of: b.of, uid: uint32(f.UID), size: f.Size, section: b.of.sections[i]}
		if c.missing = s.Content == nil; c.missing && c.section.spec == "" && f.Size > 0 {
			return errShort
		}
		if offset < 0 {
			c.whole(s.Content)
		} else {
			c.first(s.Content)
		}
		m.sections[i] = c
	}
	if slices.Contains(m.sections, nil) {
		return errShort
	}
	return nil
}

// takeSuspects takes out the messages that may have vanished, and returns them, a range
// each.
func (b *batch) takeSuspects() (uids messageSet) {
	b.messages = slices.DeleteFunc(b.messages, func(m *Message) bool {
		suspect := b.suspects.contains(uint32(m.UID))
		if suspect {
			uids = append(uids, messageRange{uint32(m.UID), uint32(m.UID)})
		}
		return suspect
	})
	return uids
}

// missing returns the messages that have not come, a range each.
func (b *batch) missing() (uids messageSet) {
	for _, r := range b.uids {
		for n := uint64(r.low); n <= uint64(r.high); n++ {
			if !b.got.contains(uint32(n)) {
				uids = append(uids, messageRange{uint32(n), uint32(n)})
			}
		}
	}
	return uids
}

// refuse notes that the server has refused a message. One that is not there is none.
func (b *batch) refuse(uid uint32, refused *imap.Error) {
	if b.got.contains(uid) || refused.Code == codeExpungeIssued || refused.Code == imap.ResponseCodeNonExistent {
		return
	}
	b.messages = append(b.messages, &Message{UID: imap.UID(uid), Size: -1, err: &MessageError{UID: imap.UID(uid), Err: refused}})
}
