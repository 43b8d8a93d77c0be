package smtpconn

import (
	"errors"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/mailconn/mailconn/internal/wire"
)

// renderer lets go-smtp write MAIL and RCPT commands with their parameters,
// whose encoding is its business, to a connection that keeps them.
type renderer struct {
	client *smtp.Client
	conn   *capture
}

// newRenderer returns a renderer for a server with the given extensions.
// 8BITMIME is not shown to the library: it would declare every body by it.
func newRenderer(caps []string) (*renderer, error) {
	caps = slices.DeleteFunc(slices.Clone(caps), func(s string) bool { return s == "8BITMIME" })
	r := &renderer{conn: &capture{in: []byte("220 ready\r\n"), answer: helloAnswer(caps)}}
	r.client = smtp.NewClient(r.conn)
	return r, r.client.Hello("localhost")
}

// mail appends the command MAIL, without its line end, to dst.
func (r *renderer) mail(dst []byte, from string, o smtp.MailOptions) ([]byte, error) {
	o.Size, o.UTF8 = 0, false // ours, as BODY is
	if o.Auth != nil && *o.Auth == "" {
		nobody := "<>" // RFC 4954 §5
		o.Auth = &nobody
	}
	return r.take(dst, func() error { return r.client.Mail(from, &o) })
}

// rcpt appends the command RCPT, without its line end, to dst.
func (r *renderer) rcpt(dst []byte, to string, o *smtp.RcptOptions) ([]byte, error) {
	return r.take(dst, func() error { return r.client.Rcpt(to, o) })
}

// take appends what command writes, which must be one line.
func (r *renderer) take(dst []byte, command func() error) ([]byte, error) {
	r.conn.out = r.conn.out[:0]
	if err := command(); err != nil {
		return dst, err
	}
	line := strings.TrimSuffix(string(r.conn.out), "\r\n")
	if err := wire.CheckLine(line); err != nil {
		return dst, err
	}
	return append(dst, line...), nil
}

// render writes the commands MAIL and RCPT of an envelope to dst, or says what
// is wrong with it. size is that of the content, 0 if it is not known.
func (x *exchange) render(dst []byte, e *Envelope, size int64) (_ []byte, err error) {
	if dst, err = x.renderMail(dst, e); err != nil {
		return dst, err
	}
	if b := e.bodyType(); b == smtp.BodyBinaryMIME || b != "" && x.features.has("8BITMIME") {
		dst = append(append(dst, " BODY="...), b...)
	}
	if x.features.sizes && size > 0 {
		dst = strconv.AppendInt(append(dst, " SIZE="...), size, 10)
	}
	if e.international() {
		dst = append(dst, " SMTPUTF8"...)
	}
	dst = append(dst, crlf...)
	for i, to := range e.To {
		if dst, err = x.renderRcpt(dst, e, i, to); err != nil {
			return dst, err
		}
		dst = append(dst, crlf...)
	}
	return dst, nil
}

func (x *exchange) renderMail(dst []byte, e *Envelope) ([]byte, error) {
	o := e.Mail
	if o == nil || (!o.RequireTLS && o.Return == "" && o.EnvelopeID == "" && o.Auth == nil) {
		return append(append(append(dst, "MAIL FROM:<"...), e.From...), '>'), nil
	}
	r, err := x.rendering()
	if err != nil {
		return dst, err
	}
	return r.mail(dst, e.From, *o)
}

func (x *exchange) renderRcpt(dst []byte, e *Envelope, i int, to string) ([]byte, error) {
	if i >= len(e.Rcpt) || e.Rcpt[i] == nil {
		return append(append(append(dst, "RCPT TO:<"...), to...), '>'), nil
	}
	r, err := x.rendering()
	if err != nil {
		return dst, err
	}
	return r.rcpt(dst, to, e.Rcpt[i])
}

// rendering returns the renderer, made when it is needed first.
func (x *exchange) rendering() (*renderer, error) {
	if x.renderer != nil {
		return x.renderer, nil
	}
	r, err := newRenderer(x.features.caps)
	if err == nil {
		x.renderer = r
	}
	return r, err
}

const crlf = "\r\n"

// capture is a connection to a server that says yes to every command.
type capture struct {
	net.Conn        // none: what is not below is not called
	out      []byte // what was said
	in       []byte // what is to be read
	answer   []byte // to EHLO
}

func (c *capture) Write(p []byte) (int, error) {
	c.out = append(c.out, p...)
	c.in = append(c.in, "250 ok\r\n"...)
	if c.answer != nil {
		c.in, c.answer = c.answer, nil
	}
	return len(p), nil
}

func (c *capture) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, errors.New("read without a command")
	}
	n := copy(p, c.in)
	c.in = c.in[n:]
	return n, nil
}

func (c *capture) Close() error                { return nil }
func (c *capture) SetDeadline(time.Time) error { return nil }
