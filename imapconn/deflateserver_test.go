package imapconn_test

import (
	"bufio"
	"bytes"
	"compress/flate"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/imapconn"
	"github.com/mailconn/mailconn/internal/test/scripttest"
	"github.com/mailconn/mailconn/policy"
)

// packer compresses.
type packer struct {
	*flate.Writer
	out bytes.Buffer
}

func newPacker() *packer {
	p := &packer{}
	p.Writer, _ = flate.NewWriter(&p.out, flate.DefaultCompression)
	return p
}

// take returns what was written, compressed.
func (p *packer) take() []byte {
	p.Flush()
	b := bytes.Clone(p.out.Bytes())
	p.out.Reset()
	return b
}

// repeat writes a text of 32 KiB or more n times, without compressing each anew.
func (p *packer) repeat(text string, n int) {
	io.WriteString(p, text)
	before := p.take()
	io.WriteString(p, text) // behind the same text
	again := p.take()
	p.out.Write(before)
	p.out.Write(bytes.Repeat(again, n-1))
	p.Reset(&p.out)
}

// compressing is a server that consents to compression, says behind and then what answer
// returns, compressed. It returns when the client has gone.
func compressing(conn net.Conn, config *tls.Config, behind []byte, answer func(w *packer, tag, command string)) {
	c := tls.Server(conn, config)
	defer conn.Close()
	in := bufio.NewReader(c)
	w := newPacker()
	io.WriteString(c, "* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] ready\r\n")
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, command, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		switch {
		case strings.HasPrefix(command, "AUTHENTICATE"):
			fmt.Fprintf(c, "%s OK [CAPABILITY IMAP4rev1 COMPRESS=DEFLATE] welcome\r\n", tag)
		case command == "COMPRESS DEFLATE":
			c.Write(append([]byte(tag+" OK go on\r\n"), behind...))
			in = bufio.NewReader(flate.NewReader(in))
		default:
			answer(w, tag, command)
			c.Write(w.take())
		}
	}
}

// compressed begins a session with such a server.
func compressed(t *testing.T, player *scripttest.Player, behind []byte, answer func(w *packer, tag, command string)) *imapconn.Client {
	t.Helper()
	config, err := player.TLS("good")
	if err != nil {
		t.Fatal(err)
	}
	here, there := net.Pipe()
	go compressing(there, config, behind, answer)
	conn, err := player.Dialer().NewConn(t.Context(), here, dial.Endpoint{Protocol: policy.IMAP, Host: "mail.test", Policy: policy.ImplicitTLS})
	if err != nil {
		t.Fatal(err)
	}
	client, err := imapconn.New(t.Context(), conn, &imapconn.Options{Auth: password(), Compress: true, ReplyTimeout: replyTime})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func done(w *packer, tag, _ string) { fmt.Fprintf(w, "%s OK done\r\n", tag) }
