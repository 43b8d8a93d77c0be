package smtpconn_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/smtpconn"
)

// Lines of 998 octets are not too long, and longer ones only if the envelope
// says so, wherever they are and however they are read.
func TestShortLines(t *testing.T) {
	long := strings.Repeat("x", 998)
	pad := strings.Repeat("0123456789\r\n", 10000)
	split := strings.Repeat("0123456789\r\n", 1300) // a buffer ends in what follows it
	for _, text := range []string{split + long, long, long + "\r\n", "." + long[1:] + "\r\ny\r\n" + long + "\r\n", pad + long + "\r\n"} {
		for name, c := range map[string]struct {
			text string
			how  smtpconn.Envelope
			want error
		}{
			"fits":             {text, smtpconn.Envelope{ShortLines: true}, nil},
			"too long":         {strings.Replace(text, long, long+"x", 1), smtpconn.Envelope{ShortLines: true}, smtpconn.ErrLongLine},
			"mended, fits":     {strings.ReplaceAll(text, "\r\n", "\n"), smtpconn.Envelope{ShortLines: true, NormalizeLines: true}, nil},
			"mended, too long": {strings.Replace(text, long, long+"x", 1), smtpconn.Envelope{ShortLines: true, NormalizeLines: true}, smtpconn.ErrLongLine},
			"not asked":        {strings.Replace(text, long, long+"x", 1), smtpconn.Envelope{}, nil},
			"binary":           {text + long, smtpconn.Envelope{ShortLines: true, Mail: &smtp.MailOptions{Body: smtp.BodyBinaryMIME}}, nil},
		} {
			for _, extensions := range [][]string{all, {"CHUNKING", "BINARYMIME"}} {
				for _, content := range []io.Reader{strings.NewReader(c.text), iotest.OneByteReader(strings.NewReader(c.text))} {
					r := with(extensions...)
					client, hangUp := dialRelay(t, r, nil)
					e := c.how
					e.From, e.To = "a@mail.test", []string{"b@mail.test"}
					_, err := client.Send(t.Context(), e, content)
					if !errors.Is(err, c.want) || (err == nil) != (len(r.took()) == 1) || err != nil && asResult(nil, err).err.Outcome != smtpconn.NotSent {
						t.Errorf("%s, %d bytes: %v", name, len(c.text), err)
					}
					hangUp()
				}
			}
		}
	}
}
