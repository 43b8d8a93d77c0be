package pool_test

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/smtpconn"
	"github.com/mailconn/mailconn/smtpconn/pool"
)

// What is wrong with a message, or with the call, is told from a relay that
// cannot be had, for now or until a person has mended it.
func TestMessageAtFault(t *testing.T) {
	for name, c := range map[string]struct {
		refuse    error
		content   io.ReadSeeker
		to        string
		closed    bool
		fault     bool
		temporary bool
		down      bool
	}{
		"address":     {to: "no one@mail.test", fault: true},
		"line ends":   {content: strings.NewReader("a\nb"), fault: true},
		"no content":  {content: noSeeker{}, fault: true},
		"certificate": {refuse: x509.UnknownAuthorityError{}, down: true},
		"network":     {refuse: errNetwork, down: true, temporary: true},
		"closed":      {closed: true, temporary: true},
	} {
		r := &relay{}
		if c.refuse != nil {
			r.refuse = func(int) error { return c.refuse }
		}
		bubble(t, r, pool.Config{}, func(t *testing.T, p *pool.Pool) {
			e, content := letter("r@mail.test")
			if c.to != "" {
				e.To = []string{c.to}
			}
			if c.closed {
				p.Close(context.Background())
			}
			in := c.content
			if in == nil {
				in = content
			}
			_, err := p.Send(t.Context(), e, in)
			var failed *smtpconn.SendError
			var down *pool.DownError
			if !errors.As(err, &failed) || failed.Outcome != smtpconn.NotSent || failed.MessageAtFault() != c.fault ||
				failed.Temporary() != c.temporary || errors.As(err, &down) != c.down || c.down && down.Temporary() != c.temporary {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
}

type noSeeker struct{ io.Reader }

func (noSeeker) Seek(int64, int) (int64, error) { return 0, errors.New("a pipe") }
