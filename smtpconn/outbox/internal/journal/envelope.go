package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"unicode/utf8"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// The limits of an id, in bytes, and of the recipients of a message.
const (
	maxID         = 255
	maxRecipients = 1000
)

// Envelope is what is kept of a [smtpconn.Envelope]: all but Partial and BeforeEnd. The
// options have the names of package smtp.
type Envelope struct {
	From           string              `json:"from"`
	To             []string            `json:"to"`
	Mail           *smtp.MailOptions   `json:"mail,omitempty"`
	Rcpt           []*smtp.RcptOptions `json:"rcpt,omitempty"`
	NormalizeLines bool                `json:"normalize_lines,omitempty"`
	ShortLines     bool                `json:"short_lines,omitempty"`
}

// NewEnvelope returns what is kept of an envelope, or why it cannot be kept or sent.
func NewEnvelope(id string, e smtpconn.Envelope) (Envelope, error) {
	var none Envelope
	switch {
	case id == "" || len(id) > maxID || !utf8.ValidString(id):
		return none, fmt.Errorf("outbox: the id is empty, longer than %d bytes, or not UTF-8", maxID)
	case e.BeforeEnd != nil:
		return none, errors.New("outbox: Envelope.BeforeEnd cannot be kept")
	case len(e.To) > maxRecipients:
		return none, fmt.Errorf("outbox: more than %d recipients", maxRecipients)
	}
	if err := e.Validate(); err != nil {
		return none, fmt.Errorf("outbox: %w", err)
	}
	kept := Envelope{From: e.From, Mail: e.Mail, NormalizeLines: e.NormalizeLines, ShortLines: e.ShortLines}
	there := make(map[string]bool, len(e.To))
	for i, to := range e.To {
		if there[to] {
			continue
		}
		there[to] = true
		kept.To = append(kept.To, to)
		if i < len(e.Rcpt) {
			kept.Rcpt = append(kept.Rcpt, e.Rcpt[i])
		}
	}
	line, err := marshal(kept)
	switch {
	case err != nil || len(line) > maxLine/2 || !kept.isUTF8():
		return none, errors.New("outbox: the options of the envelope cannot be kept: too long, or not UTF-8")
	}
	kept = Envelope{} // of its own
	return kept, unmarshal(line, &kept)
}

func (e *Envelope) isUTF8() bool {
	text := []string{}
	if e.Mail != nil {
		text = append(text, string(e.Mail.Body), string(e.Mail.Return), e.Mail.EnvelopeID)
		if e.Mail.Auth != nil {
			text = append(text, *e.Mail.Auth)
		}
	}
	for _, o := range e.Rcpt {
		if o != nil {
			text = append(text, o.OriginalRecipient)
		}
	}
	return !slices.ContainsFunc(text, func(s string) bool { return !utf8.ValidString(s) })
}

// Attempt returns the envelope of an attempt for some of the recipients.
func (e *Envelope) Attempt(to []int) smtpconn.Envelope {
	some := smtpconn.Envelope{From: e.From, Mail: e.Mail, Partial: true, NormalizeLines: e.NormalizeLines, ShortLines: e.ShortLines}
	for _, i := range to {
		some.To = append(some.To, e.To[i])
		if len(e.Rcpt) > 0 {
			var o *smtp.RcptOptions
			if i < len(e.Rcpt) {
				o = e.Rcpt[i]
			}
			some.Rcpt = append(some.Rcpt, o)
		}
	}
	return some
}

// Fingerprint tells messages apart.
func (e *Envelope) Fingerprint(content Digest) Digest {
	line, _ := marshal(e) // it was read from a line, or can be written to one
	return sha256.Sum256(append(line, content[:]...))
}

// marshal returns v as JSON on one line, in which angle brackets can be read.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	w := json.NewEncoder(&b)
	w.SetEscapeHTML(false)
	err := w.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// unmarshal refuses fields that it does not know: what a later version has written is
// not to be sent without.
func unmarshal(b []byte, v any) error {
	r := json.NewDecoder(bytes.NewReader(b))
	r.DisallowUnknownFields()
	if err := r.Decode(v); err != nil {
		return err
	}
	if r.InputOffset() != int64(len(b)) {
		return errors.New("more than one object")
	}
	return nil
}
