package journal

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// Damage is something in a journal that no Outbox has written.
type Damage struct {
	ID   string // of the message; "" if it is not known
	Line int    // counted from 1; 0 for the whole
	Err  error  // what is wrong
}

// Reader reads a journal.
type Reader struct {
	Book   *Book
	Lines  int   // that were read, damaged ones too
	last   int   // number in the last line that was not damaged
	Size   int64 // of the lines that end in a newline
	Damage []*Damage

	// Of the damaged lines since the last that was not: how many there were whose message
	// is known, and whether there is one whose message is not.
	named   int
	unnamed bool
	lost    map[string]bool // keys of messages whose line "put" is damaged
}

// Read reads a journal, from beginning to end. The error is of the reading; what is
// damaged is in Reader.Damage.
func Read(in io.Reader) (*Reader, error) {
	r := &Reader{Book: NewBook(), lost: map[string]bool{}}
	buf := bufio.NewReaderSize(in, 64<<10)
	for {
		line, err := readLine(buf)
		if err == io.EOF {
			break // what follows the last newline is no line
		}
		if err != nil {
			return nil, err
		}
		r.Lines++
		r.Size += int64(len(line))
		if err := r.line(line[:len(line)-1]); err != nil {
			return nil, err
		}
	}
	if r.Lines == 0 {
		r.report(&Damage{Err: errors.New("no first line")})
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
func (r *Reader) line(line []byte) error {
	e, err := parse(line)
	switch {
	case err != nil:
	case r.Lines == 1 && e.Format != Format:
		return fmt.Errorf("format %.40q, want %q: it may be of a later version", e.Format, Format)
	case e.N <= r.last:
		err = fmt.Errorf("the number is %d, after %d", e.N, r.last)
	default:
		r.number(e.N)
		if r.Lines == 1 {
			return nil
		}
		if err = r.Book.Apply(e); err == errUnknown && r.lost[e.Msg] {
			err = nil
		}
	}
	if err != nil {
		r.damaged(line, err)
	}
	return nil
}

// number looks for lines that are missing before the one with a number.
func (r *Reader) number(n int) {
	missing := n - r.last - 1
	if missing > r.named && !r.unnamed {
		r.report(&Damage{Line: r.Lines, Err: fmt.Errorf("%d lines are damaged or missing before it", missing)})
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
func (r *Reader) damaged(line []byte, err error) {
	d := &Damage{Line: r.Lines, Err: err}
	r.report(d)
	keys := keyField.FindAllSubmatch(line, -1)
	isPut := bytes.Contains(line, []byte(`"envelope":`)) && bytes.Contains(line, []byte(`"sha256":`))
	switch {
	case r.Lines == 1, len(keys) == 0 && bytes.Contains(line, []byte(`"do":"kept"`)):
		r.named++
	case len(keys) != 1 || bytes.Count(line, []byte(`"sum":"`)) > 1:
		r.unnamed = true
	case r.Book.Messages[string(keys[0][1])] != nil:
		m := r.Book.Messages[string(keys[0][1])]
		m.suspect, d.ID = true, m.ID
		r.named++
	case isPut:
		r.lost[string(keys[0][1])] = true
		if id := idField.FindSubmatch(line); id != nil {
			json.Unmarshal(id[1], &d.ID)
		}
		r.named++
	default:
		r.unnamed = true
	}
}

// MaxDamage is how many findings are kept: a disk that has lost much is no reason to
// fill the memory.
const MaxDamage = 1000

func (r *Reader) report(d *Damage) {
	if len(r.Damage) < MaxDamage {
		r.Damage = append(r.Damage, d)
	}
}

// suspectAll notes that a line is lost which may have been about any message.
func (r *Reader) suspectAll() {
	for _, m := range r.Book.Messages {
		m.suspect = true
	}
}

// Recover puts in doubt what a program that has ended has left open.
func (b *Book) Recover() {
	for _, m := range b.Messages {
		if m.suspect {
			m.Doubt(m.In(Waiting), "a line of the journal is damaged or missing, which may have been about the message")
		} else {
			m.Doubt(m.Mark, "the program ended before it knew the outcome")
		}
		m.Mark, m.suspect = nil, false
	}
}
