package smtpconn_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/mailconn/mailconn/dial"
	"github.com/mailconn/mailconn/policy"
	"github.com/mailconn/mailconn/smtpconn"
)

// relay is an SMTP server that remembers what it took, and misbehaves on
// demand. It holds its replies until it has read all that was said, so turns
// counts round trips.
type relay struct {
	extensions []string
	// answer, if set, may change the reply to the nth command (a content
	// counts as one, "."), or return "" to say nothing.
	answer func(n int, command, reply string) string
	// fault, if set, is what the connection does.
	fault *fault
	// unconsumed makes it take what follows BDAT for commands.
	unconsumed bool
	// quit, if set, is what it does in reply to QUIT.
	quit func()
	// keeps makes it keep a transaction that RSET should end.
	keeps bool

	mu        sync.Mutex
	committed []taken
	said      []byte // by the client
	turns     int
	commands  int
	ran       []string // commands, behind EHLO

	conn net.Conn
	in   *bufio.Reader
	out  *bufio.Writer
	tx   transaction
	want bool // content, whatever was said
}

type taken struct {
	to   []string
	body string
}

type transaction struct {
	mail bool
	to   []string
	body strings.Builder
}

var all = []string{"PIPELINING", "CHUNKING", "8BITMIME", "BINARYMIME", "SMTPUTF8", "SIZE 1000000", "DSN", "ENHANCEDSTATUSCODES"}

func with(keywords ...string) *relay { return &relay{extensions: keywords} }

// serve speaks over conn until it ends.
func (r *relay) serve(conn net.Conn) {
	defer conn.Close()
	r.conn = conn
	if r.fault != nil {
		r.fault.Conn = conn
		r.conn = r.fault
	}
	r.in, r.out = bufio.NewReaderSize(r, 32<<10), bufio.NewWriterSize(r.conn, 16<<10)
	r.out.WriteString("220 mail.test\r\n")
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			r.out.Flush()
			return
		}
		line = strings.TrimSuffix(line, "\r\n")
		if !r.handle(line) {
			r.out.Flush()
			return
		}
	}
}

// Read is where everything that can be answered has been.
func (r *relay) Read(p []byte) (int, error) {
	if r.out != nil && r.out.Buffered() > 0 {
		r.mu.Lock()
		r.turns++
		r.mu.Unlock()
		if err := r.out.Flush(); err != nil {
			return 0, err
		}
	}
	n, err := r.conn.Read(p)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.said = append(r.said, p[:n]...)
	return n, err
}

// reply answers a command and reports whether it said what it meant to, and
// whether to go on.
func (r *relay) reply(command, usual string) (ok, more bool) {
	s := usual
	if r.answer != nil {
		s = r.answer(r.commands, command, usual)
	}
	r.commands++
	r.ran = append(r.ran, command)
	if s != "" {
		r.out.WriteString(s + "\r\n")
	}
	return s == "" || s[0] == usual[0], !strings.HasPrefix(s, "421")
}

func (r *relay) handle(line string) (more bool) {
	verb, _, _ := strings.Cut(line, " ")
	tx := &r.tx
	switch verb {
	case "EHLO":
		r.out.WriteString("250-mail.test\r\n")
		for _, e := range r.extensions {
			r.out.WriteString("250-" + e + "\r\n")
		}
		r.out.WriteString("250 HELP\r\n")
		return true
	case "MAIL":
		if tx.mail {
			_, more = r.reply(line, "503 5.5.1 nested MAIL")
			return more
		}
		ok, more := r.reply(line, "250 2.1.0 ok")
		*tx = transaction{mail: ok}
		return more
	case "RCPT":
		to, _, _ := strings.Cut(strings.TrimPrefix(line, "RCPT TO:<"), ">")
		usual := "250 2.1.5 ok"
		if !tx.mail {
			usual = "503 5.5.1 no MAIL"
		}
		ok, more := r.reply(line, usual)
		if ok && tx.mail {
			tx.to = append(tx.to, to)
		}
		return more
	case "DATA":
		usual := "354 go"
		if len(tx.to) == 0 {
			usual = "503 5.5.1 no recipients"
		}
		ok, more := r.reply(line, usual)
		if r.want {
			r.want = false
			return r.data()
		}
		if !more || !ok || usual[0] != '3' {
			return more
		}
		return r.data()
	case "BDAT":
		return r.bdat(line)
	case "RSET":
		if !r.keeps {
			*tx = transaction{}
		}
		_, more = r.reply(line, "250 2.0.0 ok")
		return more
	case "NOOP":
		_, more = r.reply(line, "250 2.0.0 ok")
		return more
	case "QUIT":
		if r.quit != nil {
			r.out.Flush()
			r.quit()
			return false
		}
		r.out.WriteString("221 bye\r\n")
		return false
	}
	_, more = r.reply(line, "500 5.5.2 what")
	return more
}

func (r *relay) data() bool {
	for {
		line, err := r.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			return r.finish(".")
		}
		r.tx.body.WriteString(strings.TrimPrefix(line, "."))
	}
}

func (r *relay) bdat(line string) bool {
	words := strings.Fields(line)
	n, _ := strconv.Atoi(words[1])
	if r.unconsumed {
		_, more := r.reply("BDAT", "502 5.5.1 what")
		return more
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r.in, b); err != nil {
		return false
	}
	r.tx.body.Write(b)
	if len(r.tx.to) == 0 {
		_, more := r.reply("BDAT", "503 5.5.1 no recipients")
		return more
	}
	if len(words) == 3 {
		return r.finish("LAST")
	}
	ok, more := r.reply("BDAT", "250 2.0.0 chunk")
	if !ok {
		r.tx.to = nil // what follows is refused (RFC 3030 §2)
	}
	return more
}

func (r *relay) finish(command string) bool {
	n := len(r.committed) + 1
	ok, more := r.reply(command, fmt.Sprintf("250 2.0.0 queued as %d", n))
	if ok && len(r.tx.to) > 0 {
		r.mu.Lock()
		r.committed = append(r.committed, taken{slices.Clone(r.tx.to), r.tx.body.String()})
		r.mu.Unlock()
	}
	r.tx = transaction{}
	return more
}

// fault is a server's connection that, once armed, is cut or stalls behind a
// number of bytes read or written.
type fault struct {
	net.Conn
	reads, writes int           // bytes until it happens; -1: never
	stall         chan struct{} // nil: cut; otherwise stall until it is closed
	blocks        bool          // what is read before it comes in blocks, up to its last byte

	mu            sync.Mutex
	armed         bool
	read, written int // since it was armed
}

func (f *fault) arm() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.armed = true
}

func (f *fault) happen() error {
	if f.stall != nil {
		<-f.stall
	}
	f.Conn.Close()
	return io.EOF
}

// pass counts n bytes and returns how many of them are before the fault.
func (f *fault) pass(n, limit int, sum *int, armed bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !armed {
		return n
	}
	if limit >= 0 {
		n = min(n, limit-*sum)
	}
	*sum += n
	return n
}

func (f *fault) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.read
}

func (f *fault) isArmed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.armed
}

// Read takes a byte at a time where a fault is to come: the server hears all
// that came before it.
func (f *fault) Read(p []byte) (int, error) {
	if f.reads >= 0 && !f.blocks && len(p) > 1 {
		p = p[:1]
	}
	if f.blocks && f.isArmed() {
		p = p[:max(1, min(len(p), f.reads-f.count()))]
	}
	n, err := f.Conn.Read(p)
	if m := f.pass(n, f.reads, &f.read, f.isArmed()); m < n {
		return m, f.happen()
	}
	return n, err
}

func (f *fault) Write(p []byte) (int, error) {
	n := f.pass(len(p), f.writes, &f.written, f.isArmed())
	m, err := f.Conn.Write(p[:n])
	if err != nil || n == len(p) {
		return m, err
	}
	return m, f.happen()
}

// dialRelay begins a session with r in the clear, over an in-memory connection.
func dialRelay(t testing.TB, r *relay, o *smtpconn.Options) (c *smtpconn.Client, hangUp func()) {
	t.Helper()
	client, server := net.Pipe()
	return r.session(t, client, server, new(dial.Dialer), policy.NoTLS, o)
}

// session begins a session with r over the two ends of a connection.
func (r *relay) session(t testing.TB, client, server net.Conn, d *dial.Dialer, p policy.Policy, o *smtpconn.Options) (c *smtpconn.Client, hangUp func()) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() { r.serve(server) })
	conn, err := d.NewConn(t.Context(), client, dial.Endpoint{Protocol: policy.SMTP, Host: "mail.test", Policy: p})
	if err != nil {
		t.Fatal(err)
	}
	if c, err = smtpconn.New(t.Context(), conn, o); err != nil {
		t.Fatal(err)
	}
	r.mu.Lock()
	r.turns, r.said = 0, nil
	r.mu.Unlock()
	return c, func() { c.Abort(); server.Close(); wg.Wait() }
}

// wire returns what the client said in the session.
func (r *relay) wire() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return string(r.said)
}

func (r *relay) count() (turns int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.turns
}

func (r *relay) took() []taken {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.committed)
}
