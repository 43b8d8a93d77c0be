package fetch

import (
	"math"
	"slices"

	"github.com/emersion/go-imap/v2"

	"github.com/mailconn/mailconn/imapconn/internal/commands"
	"github.com/mailconn/mailconn/imapconn/internal/numset"
	"github.com/mailconn/mailconn/internal/line/imap/message"
)

// codeExpungeIssued is the code of a refusal because messages have vanished (RFC 5530 §3).
const codeExpungeIssued imap.ResponseCode = "EXPUNGEISSUED"

// isBusy reports whether a refusal is about what the server does at the moment, and not about
// a message (RFC 5530 §3).
func isBusy(refused *imap.Error) bool {
	return refused != nil && (refused.Code == imap.ResponseCodeInUse || refused.Code == imap.ResponseCodeLimit)
}

// batch is an exchange that asks for some messages.
type batch struct {
	commands.Exchange
	of       *Loop
	sets     []numset.Set // of a command each
	again    bool         // they were asked for before, with others
	got      numset.Set
	suspects numset.Set // that came in the form of some servers for what has vanished
	messages []Message
	dropped  []sized // for which there was no room
}

// requests returns the commands of the batch.
func (b *batch) requests() (requests []commands.Request) {
	for _, uids := range b.sets {
		text := append(uids.AppendText([]byte("UID FETCH ")), " ("+b.of.items...)
		for _, w := range b.of.sections {
			text = append(append(text, ' '), w.piece(w.from, w.left(0, b.of.piece))...)
		}
		requests = append(requests, commands.Request{Command: "FETCH", Text: string(append(text, ')')), UIDs: uids})
	}
	return requests
}

// add takes a message that has come, and reports whether it has.
func (b *batch) add(f *message.Fetch, why error) bool {
	uid := uint32(f.UID)
	if b.got.Contains(uid) {
		return false // it can only be there to fill memory
	}
	b.got.Add(uid)
	if b.Kept > maxLines*b.of.Stream.Limits.Line && len(b.messages) > 0 {
		b.dropped = append(b.dropped, sized{uid, uint32(b.of.piece)})
		return false
	}
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
	return true
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

// takeSuspects takes out the messages of a command that may have vanished, and returns them,
// a set each.
func (b *batch) takeSuspects(wanted numset.Set) (sets []numset.Set) {
	b.messages = slices.DeleteFunc(b.messages, func(m Message) bool {
		uid := uint32(m.UID)
		suspect := wanted.Contains(uid) && b.suspects.Contains(uid)
		if suspect {
			sets = append(sets, numset.Set{{Low: uid, High: uid}})
		}
		return suspect
	})
	return sets
}

// maxParts is how many commands ask again for what one was refused for.
const maxParts = 16

// missing returns the messages of a command that have not come, in parts: one that the server
// cannot give costs few commands, as would a server that refuses all.
func (b *batch) missing(wanted numset.Set) (parts []numset.Set) {
	var left numset.Set
	for _, r := range wanted {
		for n := uint64(r.Low); n <= uint64(r.High); n++ {
			if !b.got.Contains(uint32(n)) {
				left.Add(uint32(n))
			}
		}
	}
	for size := int64(left.Count()+maxParts-1) / maxParts; len(left) > 0; {
		parts = append(parts, left.Cut(math.MaxUint32, size, maxRanges))
	}
	return parts
}

// busy returns the refusal of a server that does not give any part of what it was asked for at
// the moment, and nil otherwise.
func (b *batch) busy() *imap.Error {
	for _, c := range b.Commands {
		if !isBusy(c.Answer.Refused) {
			return nil
		}
	}
	if len(b.Commands) == 1 || len(b.got) > 0 {
		return nil
	}
	return b.Commands[0].Answer.Refused
}

// refuse notes that the server has refused a message. One that is not there is none.
func (b *batch) refuse(uid uint32, refused *imap.Error) {
	if b.got.Contains(uid) || refused.Code == codeExpungeIssued || refused.Code == imap.ResponseCodeNonExistent {
		return
	}
	b.messages = append(b.messages, Message{Fetch: message.Fetch{UID: imap.UID(uid), Size: -1}, Err: refused})
}
