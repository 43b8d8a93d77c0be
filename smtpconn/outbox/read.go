package outbox

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// damage is something in a journal that no Outbox has written.
type damage struct {
	id   string // of the message; "" if it is not known
	line int    // counted from 1; 0 for the whole
	err  error  // what is wrong
}

// reader reads a journal.
type reader struct {
	book   *book
	lines  int   // that were read, damaged ones too
	last   int   // number in the last line that was not damaged
	size   int64 // of the lines that end in a newline
	torn   bool  // something follows the last newline
	damage []*damage

	// Of the damaged lines since the last that was not: how many there were whose message
	// is known, and whether there is one whose message is not.
	named   int
	unnamed bool
	lost    map[string]bool // keys of messages whose line "put" is damaged
}

// read reads a journal, from beginning to end. The error is of the reading; what is
// damaged is in damage.
func read(in io.Reader) (*reader, error) {
	r := &reader{book: newBook(), lost: map[string]bool{}}
	buf := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(buf)
		if err == io.EOF {
			r.torn = len(line) > 0
			break
		}
		if err != nil {
			return nil, err
		}
		r.lines++
		r.size += int64(len(line))
		if err := r.line(line[:len(line)-1]); err != nil {
			return nil, err
		}
	}
	if r.lines == 0 {
		r.report(&damage{err: errors.New("no first line")})
	}
	if r.unnamed {
		r.suspectAll()
	}
	return r, nil
}

// readLine returns a line with its newline. Of a line that is longer than any that was
// written it keeps the beginning.
func readLine(in *bufio.Reader) (line []byte, err error) {
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part[:min(len(part), max(0, 2*maxLine-len(line)))]...)
		switch err {
		case nil:
			line[len(line)-1] = '\n'
			return line, nil
		case bufio.ErrBufferFull:
		default:
			return line, err
		}
	}
}

// line reads a line. The error means that the journal is of another format.
func (r *reader) line(line []byte) error {
	e, err := parse(line)
	switch {
	case err != nil:
	case r.lines == 1 && e.Format != format:
		return fmt.Errorf("format %.40q, want %q: it may be of a later version", e.Format, format)
	case e.N <= r.last:
		err = fmt.Errorf("the number is %d, after %d", e.N, r.last)
	default:
		r.number(e.N)
		if r.lines == 1 {
			return nil
		}
		if err = r.book.apply(e); err == errUnknown && r.lost[e.Msg] {
			err = nil
		}
	}
	if err != nil {
		r.damaged(line, err)
	}
	return nil
}

// number looks for lines that are missing before the one with a number.
func (r *reader) number(n int) {
	missing := n - r.last - 1
	if missing > r.named && !r.unnamed {
		r.report(&damage{line: r.lines, err: fmt.Errorf("%d lines are damaged or missing before it", missing)})
	}
	if missing > r.named || r.unnamed {
		r.suspectAll()
	}
	r.last, r.named, r.unnamed = n, 0, false
}

var (
	keyField = regexp.MustCompile(`"msg":"([A-Z2-7]{16})"`)
	idField  = regexp.MustCompile(`"id":("(?:[^"\\]|\\.)*")`)
)

// damaged looks for the message that a damaged line is about.
func (r *reader) damaged(line []byte, err error) {
	d := &damage{line: r.lines, err: err}
	r.report(d)
	keys := keyField.FindAllSubmatch(line, -1)
	isPut := bytes.Contains(line, []byte(`"envelope":`)) && bytes.Contains(line, []byte(`"sha256":`))
	switch {
	case r.lines == 1, len(keys) == 0 && bytes.Contains(line, []byte(`"do":"kept"`)):
		r.named++
	case len(keys) != 1 || bytes.Count(line, []byte(`"sum":"`)) > 1:
		r.unnamed = true
	case r.book.messages[string(keys[0][1])] != nil:
		m := r.book.messages[string(keys[0][1])]
		m.suspect, d.id = true, m.id
		r.named++
	case isPut:
		r.lost[string(keys[0][1])] = true
		if id := idField.FindSubmatch(line); id != nil {
			json.Unmarshal(id[1], &d.id)
		}
		r.named++
	default:
		r.unnamed = true
	}
}

// maxReports is how many findings are kept: a disk that has lost much is no reason to
// fill the memory.
const maxReports = 1000

func (r *reader) report(d *damage) {
	if len(r.damage) < maxReports {
		r.damage = append(r.damage, d)
	}
}

// suspectAll notes that a line is lost which may have been about any message.
func (r *reader) suspectAll() {
	for _, m := range r.book.messages {
		m.suspect = true
	}
}

// recover puts in doubt what a program that has ended has left open.
func (b *book) recover() {
	for _, m := range b.messages {
		if m.suspect {
			m.doubt(m.in(waiting), "a line of the journal is damaged or missing, which may have been about the message")
		} else {
			m.doubt(m.mark, "the program ended before it knew the outcome")
		}
		m.mark, m.suspect = nil, false
	}
}
