package pop3watch

import (
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Note is what is kept of a message, also of one that Handle has not taken yet. The zero
// Note stands for none. The text of a Note is printable ASCII without tabs and shorter
// than 120 characters; that of the zero Note is empty.
type Note struct {
	at    time.Time // when Handle returned, or a session ended inside the message
	sum   string    // of the message; empty if it is not known
	size  int64     // of the message, as the server listed it; zero if it is not known
	state state
	cuts  int       // how many sessions ended inside the message, or in doubt about it
	tried time.Time // when the last of them ended
}

// cutOff returns the note after one more session that ended inside the message, or in doubt
// about it.
func (n Note) cutOff() Note {
	n.cuts++
	n.tried = time.Now()
	return n
}

// state is what is known of a message that has a note.
type state uint8

const (
	handled  state = iota // Handle has returned nil
	going                 // it was handled and is about to be deleted, or was
	deleted               // it was handled, and the server has confirmed that it is deleted
	doubtful              // it was handled, in another mailbox or by replies that may have been to other commands
	unread                // it was not handled, as the session ended inside it
)

// words are the states in the text of a note.
var words = [...]string{going: "going", deleted: "deleted", doubtful: "doubtful", unread: "unread"}

// What stands before a number in the text of a note.
const (
	sizeWord  = "size="
	cutsWord  = "cuts="
	triedWord = "tried=" // seconds of Unix time
)

// MarshalText returns the text of the note.
func (n Note) MarshalText() ([]byte, error) {
	if n == (Note{}) {
		return nil, nil
	}
	text := []string{n.at.UTC().Format(time.RFC3339)}
	if n.sum != "" {
		text = append(text, n.sum)
	}
	if n.size > 0 {
		text = append(text, fmt.Sprint(sizeWord, n.size))
	}
	if n.state != handled {
		text = append(text, words[n.state])
	}
	if n.cuts > 0 {
		text = append(text, fmt.Sprint(cutsWord, n.cuts))
	}
	if !n.tried.IsZero() {
		text = append(text, fmt.Sprint(triedWord, n.tried.Unix()))
	}
	return []byte(strings.Join(text, " ")), nil
}

// UnmarshalText reads the text of a note. A word that is not known is an error: a later
// version of this package may have written it.
func (n *Note) UnmarshalText(text []byte) (err error) {
	*n = Note{}
	list := strings.Fields(string(text))
	if len(list) == 0 {
		return nil
	}
	if n.at, err = time.Parse(time.RFC3339, list[0]); err != nil || n.at.IsZero() {
		return errors.New("pop3watch: a note does not begin with a time")
	}
	for _, word := range list[1:] {
		if !n.read(word) {
			return errors.New("pop3watch: a note has a word that is not known, or too many")
		}
	}
	return nil
}

// read reads a word behind the time. It is false for one that is not known, or comes
// twice.
func (n *Note) read(word string) bool {
	if digits, ok := strings.CutPrefix(word, sizeWord); ok {
		size, err := strconv.ParseInt(digits, 10, 64)
		ok, n.size = err == nil && size > 0 && n.size == 0, size
		return ok
	}
	if digits, ok := strings.CutPrefix(word, cutsWord); ok {
		cuts, err := strconv.ParseInt(digits, 10, 32)
		ok, n.cuts = err == nil && cuts > 0 && n.cuts == 0, int(cuts)
		return ok
	}
	if digits, ok := strings.CutPrefix(word, triedWord); ok {
		seconds, err := strconv.ParseInt(digits, 10, 64)
		ok, n.tried = err == nil && n.tried.IsZero(), time.Unix(seconds, 0)
		return ok
	}
	if i := slices.Index(words[:], word); i > 0 {
		ok := n.state == handled
		n.state = state(i)
		return ok
	}
	_, err := hex.DecodeString(word)
	ok := err == nil && n.sum == ""
	n.sum = word
	return ok
}
