package pool_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// lying is content whose Read returns what it likes behind some bytes.
type lying struct {
	strings.Reader
	after int
	empty bool // as Seek says
	read  func(b []byte) (int, error)
}

func (l *lying) Read(b []byte) (int, error) {
	left := l.after - (int(l.Reader.Size()) - l.Reader.Len())
	if left <= 0 {
		return l.read(b)
	}
	return l.Reader.Read(b[:min(len(b), left)])
}

func (l *lying) Seek(offset int64, whence int) (int64, error) {
	at, err := l.Reader.Seek(offset, whence)
	if whence == io.SeekEnd && l.empty {
		at = 0
	}
	return at, err
}

// Content that does not keep to the rules of io.Reader and io.Seeker is at fault, wherever
// that shows: it ends neither the program nor other messages, and Send does not wait for
// it without end.
func TestContentLies(t *testing.T) {
	for name, c := range map[string]struct {
		read  func(b []byte) (int, error)
		empty bool
	}{
		"nothing, for ever": {read: func([]byte) (int, error) { return 0, nil }},
		"a negative count":  {read: func([]byte) (int, error) { return -1, nil }},
		"one too many":      {read: func(b []byte) (int, error) { return len(b) + 1, nil }},
		"far too many":      {read: func([]byte) (int, error) { return 1 << 20, nil }},
		"too short":         {read: func([]byte) (int, error) { return 0, io.EOF }},
		"longer than said":  {read: func(b []byte) (int, error) { return len(b), nil }, empty: true},
	} {
		for _, body := range []smtp.BodyType{"", smtp.Body7Bit, smtp.BodyBinaryMIME} {
			for _, after := range []int{0, 100, 16384, 60000} {
				if c.empty && (body != smtp.BodyBinaryMIME || after < 60000) {
					continue // only the length of a chunk has to be known
				}
				r := &relay{answer: func(_ int, command, usual string) string {
					if strings.HasPrefix(command, "EHLO") {
						return "250-mail.test\r\n250-8BITMIME\r\n250-CHUNKING\r\n250-BINARYMIME\r\n250 PIPELINING"
					}
					return usual
				}}
				bubble(t, r, pool.Config{MaxConns: 1}, func(t *testing.T, p *pool.Pool) {
					ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
					defer cancel()
					e, _ := letter("bad@mail.test")
					e.Mail = &smtp.MailOptions{Body: body}
					content := &lying{Reader: *strings.NewReader(long), after: after, empty: c.empty, read: c.read}
					_, err := p.Send(ctx, e, content)
					var failed *smtpconn.SendError
					if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || !failed.MessageAtFault() || r.committed["bad@mail.test"] != 0 {
						t.Errorf("%s behind %d bytes, %q: %v", name, after, body, err)
					}
					if err := send(ctx, p, "good@mail.test"); err != nil {
						t.Errorf("%s behind %d bytes, %q: %v", name, after, body, err)
					}
				})
			}
		}
	}
}
