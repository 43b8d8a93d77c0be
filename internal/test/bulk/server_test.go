package bulk_test

import (
	"bufio"
	"compress/flate"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
)

const (
	small = 4 << 10
	large = 50 << 20
	// lastSmall is the last UID whose message is small.
	lastSmall = 1 << 20
)

const metadata = `ENVELOPE ("Wed, 17 Jul 2026 02:23:25 -0700" "=?utf-8?q?Gr=C3=BC=C3=9Fe?= %d" (("Terry Gray" NIL "gray" "cac.example.org")) ` +
	`(("Terry Gray" NIL "gray" "cac.example.org")) (("Terry Gray" NIL "gray" "cac.example.org")) ((NIL NIL "imap" "cac.example.org")) ` +
	`((NIL NIL "minutes" "cnri.example.net")("John Klensin" NIL "KLENSIN" "mit.example.edu")) NIL "<B1-0@example.org>" "<B27397-%x@cac.example.org>") ` +
	`BODYSTRUCTURE (("text" "plain" ("charset" "utf-8") NIL NIL "quoted-printable" 2279 48 NIL NIL NIL NIL)` +
	`("text" "html" ("charset" "utf-8") NIL NIL "base64" 4554 73 NIL ("inline" NIL) NIL NIL) "alternative" ("boundary" "d41d8%x") NIL NIL NIL)`

// body returns the content of the large message, which begins as every other. It is not made
// in the client's process.
var body = sync.OnceValue(func() string { return strings.Repeat("0123456789abcd\r\n", large/16) })

// server is one connection of a server that has all the messages that it is asked for.
type server struct {
	in       *bufio.Reader
	out      *bufio.Writer
	deflate  *flate.Writer
	appended int
}

func serve(conn net.Conn) {
	defer conn.Close()
	s := &server{in: bufio.NewReaderSize(conn, 256<<10), out: bufio.NewWriterSize(conn, 256<<10)}
	s.out.WriteString("* PREAUTH [CAPABILITY IMAP4rev1 LITERAL+ MULTIAPPEND UIDPLUS ESEARCH COMPRESS=DEFLATE] ready\r\n")
	s.flush()
	for {
		line, err := s.in.ReadString('\n')
		if err != nil {
			return
		}
		words := strings.SplitN(strings.TrimSpace(line), " ", 5)
		code := ""
		switch {
		case words[1] == "APPEND":
			code = s.append(line)
		case words[1] == "UID" && words[2] == "SEARCH":
			s.search()
		case words[1] == "UID" && words[2] == "FETCH":
			s.fetch(words[3], words[4])
		}
		fmt.Fprintf(s.out, "%s OK %sdone\r\n", words[0], code)
		if s.in.Buffered() == 0 || words[1] == "COMPRESS" {
			s.flush()
		}
		if words[1] == "COMPRESS" {
			s.deflate, _ = flate.NewWriter(conn, 6)
			s.in, s.out = bufio.NewReaderSize(flate.NewReader(s.in), 256<<10), bufio.NewWriterSize(s.deflate, 256<<10)
		}
	}
}

func (s *server) flush() {
	s.out.Flush()
	if s.deflate != nil {
		s.deflate.Flush()
	}
}

// append reads the messages of an APPEND, and returns the code of its answer.
func (s *server) append(line string) string {
	first := s.appended + 1
	for strings.HasSuffix(line, "}\r\n") {
		digits := strings.TrimSuffix(line[strings.LastIndexByte(line, '{')+1:], "}\r\n")
		if !strings.HasSuffix(digits, "+") {
			s.out.WriteString("+ go on\r\n")
			s.flush()
		}
		n, _ := strconv.Atoi(strings.TrimSuffix(digits, "+"))
		s.in.Discard(n)
		s.appended++
		line, _ = s.in.ReadString('\n')
	}
	if first == s.appended {
		return fmt.Sprintf("[APPENDUID 1 %d] ", first)
	}
	return fmt.Sprintf("[APPENDUID 1 %d:%d] ", first, s.appended)
}

func (s *server) search() {
	s.out.WriteString("* SEARCH")
	for i := range found {
		s.out.WriteString(" " + strconv.Itoa(2*i+2))
	}
	s.out.WriteString("\r\n")
}

func (s *server) fetch(set, items string) {
	for part := range strings.SplitSeq(set, ",") {
		from, to, isRange := strings.Cut(part, ":")
		low, _ := strconv.Atoi(from)
		high := low
		if isRange {
			high, _ = strconv.Atoi(to)
		}
		for uid := low; uid <= high; uid++ {
			s.message(uid, items)
		}
	}
}

func (s *server) message(uid int, items string) {
	size := small
	if uid > lastSmall {
		size = large
	}
	fmt.Fprintf(s.out, "* %d FETCH (UID %d RFC822.SIZE %d FLAGS (\\Seen)", uid, uid, size)
	if strings.Contains(items, "ENVELOPE") {
		fmt.Fprintf(s.out, " "+metadata, uid, uint64(uid)*0x9E3779B97F4A7C15, uint64(uid)*0xC2B2AE3D27D4EB4F)
	}
	if _, part, ok := strings.Cut(items, "BODY.PEEK[]"); ok {
		var from, n int
		label := ""
		if _, err := fmt.Sscanf(part, "<%d.%d>", &from, &n); err == nil {
			label = fmt.Sprintf("<%d>", from)
		} else {
			from, n = 0, size
		}
		from = min(from, size)
		n = min(n, size-from)
		fmt.Fprintf(s.out, " BODY[]%s {%d}\r\n", label, n)
		s.out.WriteString(body()[from : from+n])
	}
	s.out.WriteString(")\r\n")
}
